import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;

/** Reads R4 resources from standard input, one a line; prints HAPI's errors as line number, place and message. */
public class Judge {
  public static void main(String[] args) throws Exception {
    var context = FhirContext.forR4();
    var instances = new FhirInstanceValidator(new ValidationSupportChain(
        new DefaultProfileValidationSupport(context),
        new InMemoryTerminologyServerValidationSupport(context),
        new CommonCodeSystemsTerminologyService(context)));
    instances.setAnyExtensionsAllowed(true);
    instances.setErrorForUnknownProfiles(false);
    var validator = context.newValidator().registerValidatorModule(instances);
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    int judged = 0;
    int faulty = 0;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.isBlank()) continue;
      judged++;
      var errors = validator.validateWithResult(line).getMessages().stream()
          .filter(message -> message.getSeverity().compareTo(ResultSeverityEnum.ERROR) >= 0)
          .toList();
      if (!errors.isEmpty()) faulty++;
      for (var error : errors)
        System.out.println(judged + "\t" + error.getLocationString() + "\t" + error.getMessage().replace('\n', ' '));
    }
    System.out.println(judged + " judged, " + faulty + " with errors");
  }
}
