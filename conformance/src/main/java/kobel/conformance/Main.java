package kobel.conformance;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import kobel.conformance.serializers.RandomValues;
import kobel.conformance.serializers.Reserialize;

/**
 * {@code generate JOB BACKEND FORMAT OUTDIR [name=value …]} and {@code verify JOB SNAPSHOT [name=value …]}, for the
 * Flink version on the class path. More commands may follow, each behind a single "--".
 */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws Exception {
        int status = 0;
        int from = 0;
        for (int to = 0; to <= arguments.length; to++) {
            if (to == arguments.length || arguments[to].equals("--")) {
                status = Math.max(status, attempt(Arrays.copyOfRange(arguments, from, to)));
                from = to + 1;
            }
        }
        System.exit(status);
    }

    /** A command that fails does not keep the others from being run. */
    private static int attempt(String[] words) {
        int status = 1;
        try {
            status = command(words);
        } catch (Exception e) {
            e.printStackTrace();
        }
        System.out.println((status == 0 ? "ok " : "FAILED ") + String.join(" ", words));
        return status;
    }

    private static int command(String[] words) throws Exception {
        long start = System.currentTimeMillis();
        boolean isGenerate = words.length >= 5 && words[0].equals("generate");
        boolean isVerify = words.length >= 3 && words[0].equals("verify");
        boolean isFine = true;
        if (isGenerate) {
            new Generate(new Settings(words[1], words[2], words[3], Path.of(words[4]), options(words, 5))).run();
        } else if (isVerify) {
            Path workplace = Files.createTempDirectory("kobel-verify");
            Settings settings = new Settings(words[1], "hashmap", "canonical", workplace, options(words, 3));
            isFine = new Verify(settings).run(Path.of(words[2]).toUri().toString());
            Generate.deleteTree(workplace);
        } else if (words.length >= 3 && words[0].equals("plan")) {
            new Plan(new Settings(words[1], "hashmap", "canonical", Path.of(words[2]), options(words, 3))).write();
        } else if (words.length >= 3 && words[0].equals("resume")) {
            Path workplace = Files.createTempDirectory("kobel-resume");
            Settings settings = new Settings(words[1], "hashmap", "canonical", workplace, options(words, 3));
            isFine = new Resume(settings).run(Path.of(words[2]).toAbsolutePath().toUri().toString());
            Generate.deleteTree(workplace);
        } else if (words.length >= 3 && words[0].equals("read")) {
            isFine = Read.run(words[1], Path.of(words[2]).toAbsolutePath(), options(words, 3));
        } else if (words.length == 2 && words[0].equals("dispose")) {
            isFine = Dispose.run(Path.of(words[1]).toAbsolutePath());
        } else if (words.length == 3 && words[0].equals("serializers")) {
            // It says how its values are rendered.
            Jobs.byName("avro");
            Reserialize.run(Path.of(words[1]), Path.of(words[2]));
        } else if (words.length == 4 && words[0].equals("random-values")) {
            RandomValues.run(Path.of(words[1]), Integer.parseInt(words[2]), Long.parseLong(words[3]));
        } else {
            System.err.println("usage: generate JOB BACKEND FORMAT OUTDIR [name=value …]");
            System.err.println("       verify JOB SNAPSHOT [name=value …]");
            System.err.println("       plan JOB OUTDIR [name=value …]");
            System.err.println("       resume JOB SNAPSHOT [name=value …]");
            System.err.println("       read JOB SAVEPOINT [name=value …]");
            System.err.println("       dispose SAVEPOINT");
            System.err.println("       serializers INPUT OUTPUT");
            System.err.println("       random-values OUTPUT COUNT SEED");
            return 2;
        }
        System.out.println(String.join(" ", words) + ": " + (System.currentTimeMillis() - start) + " ms");
        return isFine ? 0 : 1;
    }

    private static String[] options(String[] words, int from) {
        return Arrays.copyOfRange(words, from, words.length);
    }
}
