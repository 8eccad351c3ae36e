package kobel.conformance;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * {@code generate JOB BACKEND FORMAT OUTDIR [name=value …]} and {@code verify JOB BACKEND FORMAT SNAPSHOT [name=value …]}, for the
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
        if (words.length < 5 || !List.of("generate", "verify").contains(words[0])) {
            System.err.println("usage: generate JOB BACKEND FORMAT OUTDIR [name=value …]");
            System.err.println("       verify JOB BACKEND FORMAT SNAPSHOT [name=value …]");
            return 2;
        }
        String[] options = Arrays.copyOfRange(words, 5, words.length);
        boolean isFine = true;
        if (words[0].equals("generate")) {
            new Generate(new Settings(words[1], words[2], words[3], Path.of(words[4]), options)).run();
        } else {
            Path workplace = Files.createTempDirectory("kobel-verify");
            isFine = new Verify(new Settings(words[1], words[2], words[3], workplace, options)).run(Path.of(words[4]).toUri().toString());
        }
        System.out.println(words[0] + " " + words[4] + " " + (System.currentTimeMillis() - start) + " ms");
        return isFine ? 0 : 1;
    }
}
