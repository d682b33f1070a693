import com.sun.management.OperatingSystemMXBean;
import io.github.linuxforhealth.hl7.HL7ToFHIRConverter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * `Rate FILE WARM SECONDS`: converts the messages of a file, one a line (segments end in CR), over and over; prints how
 * many it converted in how many seconds of processor time. WARM seconds before that are not counted.
 */
public class Rate {
  private static final OperatingSystemMXBean SYSTEM = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  public static void main(String[] args) throws Exception {
    String[] messages = Files.readString(Path.of(args[0])).split("\n");
    HL7ToFHIRConverter converter = new HL7ToFHIRConverter();
    run(converter, messages, Double.parseDouble(args[1]));
    System.out.println(run(converter, messages, Double.parseDouble(args[2])));
  }

  private static String run(HL7ToFHIRConverter converter, String[] messages, double seconds) {
    long start = SYSTEM.getProcessCpuTime();
    int count = 0;
    double spent = 0;
    while (spent < seconds) {
      String bundle = converter.convert(messages[count % messages.length]);
      if (!bundle.contains("\"Patient\"")) throw new IllegalStateException("no patient was made");
      count += 1;
      spent = (SYSTEM.getProcessCpuTime() - start) / 1e9;
    }
    return String.format("{\"messages\": %d, \"seconds\": %.3f}", count, spent);
  }
}
