import java.io.BufferedReader;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;
import javax.xml.bind.JAXBException;
import org.verapdf.core.EncryptedPdfException;
import org.verapdf.core.ModelParsingException;
import org.verapdf.core.ValidationException;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.ValidationResult;
import org.verapdf.pdfa.validation.profiles.Profiles;
import org.verapdf.pdfa.validation.profiles.RuleId;
import org.verapdf.pdfa.validation.profiles.ValidationProfile;

/**
 * veraPDF behind a line protocol: one request a line on stdin, one JSON object a line on stdout.
 *
 * <p>A request is {@code <flavour|auto> TAB <percent-encoded path>}. The answer has {@code flavour} (as claimed by
 * the file, or as asked for), {@code valid}, {@code checks}, and {@code failed}: clause-test number to count; or
 * {@code error}: the class of what went wrong. The process ends when its stdin ends, so it never outlives its parent.
 */
public final class Validator {
    private static final int FAILURES_SHOWN = 1;
    private static final String RULES = "/org/verapdf/pdfa/validation/PDFA-";
    private static final Map<PDFAFlavour, ValidationProfile> PROFILES = new EnumMap<>(PDFAFlavour.class);

    private Validator() {}

    public static void main(String[] args) throws Exception {
        PrintStream answers = new PrintStream(new FileOutputStream(FileDescriptor.out), false, "UTF-8");
        System.setOut(System.err);
        LogManager.getLogManager().reset();
        Logger.getLogger("").setLevel(Level.OFF);
        VeraGreenfieldFoundryProvider.initialise();
        answers.println("{\"ready\":\"" + version() + "\"}");
        answers.flush();
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            String[] parts = line.split("\t", 2);
            answers.println(answer(parts[0], new File(URLDecoder.decode(parts[1], StandardCharsets.UTF_8))));
            answers.flush();
        }
    }

    private static String version() {
        return String.valueOf(org.verapdf.ReleaseDetails.getInstance().getVersion());
    }

    private static String answer(String asked, File file) {
        try (PDFAParser parser = parser(asked, file)) {
            boolean claims = !parser.getFlavours().isEmpty();
            PDFAFlavour flavour = claims ? parser.getFlavours().get(0) : PDFAFlavour.NO_FLAVOUR;
            if (flavour == PDFAFlavour.NO_FLAVOUR) {
                return "{\"flavour\":null,\"valid\":false,\"checks\":0,\"failed\":{}}";
            }
            try (PDFAValidator validator = Foundries.defaultInstance()
                    .createValidator(profile(flavour), FAILURES_SHOWN, false, false, false)) {
                return verdict(flavour, validator.validate(parser));
            }
        } catch (EncryptedPdfException encrypted) {
            return "{\"error\":\"encrypted\"}";
        } catch (ModelParsingException unreadable) {
            return "{\"error\":\"unparsable\"}";
        } catch (ValidationException | JAXBException | IOException | RuntimeException | StackOverflowError failed) {
            return "{\"error\":\"" + failed.getClass().getSimpleName() + "\"}";
        }
    }

    /** The rules of one flavour. veraPDF's own directory reads those of all flavours first: most of its start. */
    private static ValidationProfile profile(PDFAFlavour flavour) throws IOException, JAXBException {
        ValidationProfile known = PROFILES.get(flavour);
        if (known == null) {
            String name = RULES + flavour.getId().toUpperCase(Locale.ROOT) + ".xml";
            try (InputStream rules = Profiles.class.getResourceAsStream(name)) {
                known = rules == null
                        ? Profiles.getVeraProfileDirectory().getValidationProfileByFlavour(flavour)
                        : Profiles.profileFromXml(rules);
            }
            PROFILES.put(flavour, known);
        }
        return known;
    }

    private static PDFAParser parser(String asked, File file) throws ModelParsingException, EncryptedPdfException {
        if (asked.equals("auto")) {
            return Foundries.defaultInstance().createParser(file);
        }
        return Foundries.defaultInstance().createParser(file, PDFAFlavour.byFlavourId(asked));
    }

    private static String verdict(PDFAFlavour flavour, ValidationResult result) {
        Map<String, Integer> failed = new TreeMap<>();
        for (Map.Entry<RuleId, Integer> one : result.getFailedChecks().entrySet()) {
            failed.put(one.getKey().getClause() + "-" + one.getKey().getTestNumber(), one.getValue());
        }
        StringBuilder json = new StringBuilder("{\"flavour\":\"").append(flavour.getId());
        json.append("\",\"valid\":").append(result.isCompliant());
        json.append(",\"checks\":").append(result.getTotalAssertions()).append(",\"failed\":{");
        String comma = "";
        for (Map.Entry<String, Integer> one : failed.entrySet()) {
            json.append(comma).append('"').append(one.getKey()).append("\":").append(one.getValue());
            comma = ",";
        }
        return json.append("}}").toString();
    }
}
