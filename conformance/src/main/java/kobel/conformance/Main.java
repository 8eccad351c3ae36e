package kobel.conformance;

import java.nio.file.Path;
import java.util.Arrays;

/**
 * {@code generate JOB BACKEND FORMAT OUTDIR [name=value …]} and {@code verify JOB BACKEND SNAPSHOT [name=value …]}, for the
 * Flink version on the class path. More commands may follow, each behind a single "--".
 */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws Exception {
        int status = 0;
        int from = 0;
        for (int to = 0; to <= arguments.length; to++) {
            if (to == arguments.length || arguments[to].equals("--")) {
                status = Math.max(status, command(Arrays.copyOfRange(arguments, from, to)));
                from = to + 1;
            }
        }
        System.exit(status);
    }

    private static int command(String[] words) throws Exception {
        long start = System.currentTimeMillis();
        boolean isGenerate = words.length >= 5 && words[0].equals("generate");
        if (!isGenerate) {
            System.err.println("usage: generate JOB BACKEND FORMAT OUTDIR [name=value …]");
            return 2;
        }
        new Generate(new Settings(words[1], words[2], words[3], Path.of(words[4]), Arrays.copyOfRange(words, 5, words.length))).run();
        System.out.println(words[4] + " " + (System.currentTimeMillis() - start) + " ms");
        return 0;
    }
}
