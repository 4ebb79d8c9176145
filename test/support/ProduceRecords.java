// Writes the lines of standard input as records to a topic, with Kafka's own producer and the given compression: what
// producers of other people do. Run from its source: java -cp 'JARS/*' ProduceRecords.java BROKERS TOPIC CODEC

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

public class ProduceRecords {
  public static void main(String[] args) throws Exception {
    Map<String, Object> settings =
        Map.of("bootstrap.servers", args[0], "compression.type", args[2], "linger.ms", 50, "acks", "all");
    try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
        var lines = new BufferedReader(new InputStreamReader(System.in))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        producer.send(new ProducerRecord<>(args[1], line));
      }
    }
  }
}
