package dev.evsebridge.mqtt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.ScriptedBroker;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.packet.MqttPublish;
import org.eclipse.paho.mqttv5.common.packet.MqttWireMessage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes of packets in hex, as MQTT 5 lays them out. */
class IncomingPacketsTest {
  private static final String ACCEPTED = "20 03 00 00 00";
  private static final int MOST = 1_000;
  private static final int KEEP_ALIVE = 10;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "32 0a 00 02 74 6f 00 01 02 0b 01 78", // PUBLISH with a subscription identifier
        "30 05 00 02 74 6f 00", // PUBLISH of QoS 0 without anything
        "40 02 00 07", // PUBACK
        "40 04 00 07 87 00", // PUBACK: not authorised
        "50 02 00 07", // PUBREC
        "62 02 00 07", // PUBREL
        "90 04 00 01 00 01", // SUBACK
        "d0 00", // PINGRESP
        "e0 02 8b 00", // DISCONNECT: shutting down
        "20 06 00 00 03 21 00 14", // CONNACK with a receive maximum
      })
  void leavesAloneWhatTheLibraryReads(String packet) throws IOException {
    assertArrayEquals(bytes(packet), read(bytes(ACCEPTED + packet), 5));
  }

  @ParameterizedTest
  @CsvSource({
    "'50 04 00 07 87 00', '40 04 00 07 87 00'", // PUBREC becomes PUBACK
    "'50 04 00 07 95 00', '40 04 00 07 80 00'", // and its reason one that is known
    "'40 03 00 07 95', '40 03 00 07 80'",
    "'90 04 00 01 00 a2', '90 04 00 01 00 80'",
    "'90 05 00 01 00 97 01', '90 05 00 01 00 80 01'",
  })
  void replacesRefusalsThatTheLibraryDoesNotKnow(String packet, String expected)
      throws IOException {
    assertArrayEquals(bytes(expected), read(bytes(ACCEPTED + packet), 5));
  }

  @Test
  void readsTheLimitsThatTheLibraryMisreads() throws IOException {
    IncomingPackets packets = packets(bytes("20 0b 00 00 08 21 ff ff 27 00 00 07 d0"));

    byte[] passedOn = packets.readAllBytes();

    assertEquals(65_535, packets.receiveMaximum());
    assertEquals(2_000, packets.brokersMaximumPacketBytes());
    assertArrayEquals(bytes("20 0b 00 00 08 21 7f ff 27 ff ff ff ff"), passedOn);
  }

  @ParameterizedTest
  @CsvSource({"00 00, 00 0a", "02 58, 00 0a", "ff ff, 00 0a", "00 0a, 00 0a", "00 01, 00 01"})
  void keepsTheBrokerFromWantingFewerPings(String wanted, String kept) throws IOException {
    assertArrayEquals(
        bytes("20 06 00 00 03 13" + kept),
        packets(bytes("20 06 00 00 03 13" + wanted)).readAllBytes());
  }

  @ParameterizedTest
  @CsvSource({"1, 132", "2, 133", "3, 136", "4, 134", "5, 135"})
  void translatesTheRefusalsOfAnOlderBroker(int code, int reason) throws IOException {
    byte[] packet = {0x20, 2, 0, (byte) code};

    assertArrayEquals(new byte[] {0x20, 3, 0, (byte) reason, 0}, packets(packet).readAllBytes());
  }

  @ParameterizedTest
  @ValueSource(strings = {"15 03 03 00 02 02 0a", "48 54 54 50", "00", "ff ff"})
  void saysWhatIsNoBroker(String bytes) {
    assertThrows(
        IncomingPackets.NotMqttException.class, () -> packets(bytes(bytes)).readAllBytes());
  }

  @Test
  void refusesAPacketLongerThanAllowedBeforeItIsThere() {
    IOException failure =
        assertThrows(
            IOException.class, () -> packets(bytes(ACCEPTED + "30 ff ff ff 7f")).readAllBytes());
    assertTrue(String.valueOf(failure.getMessage()).contains("268435460"), failure::toString);
  }

  @Test
  void cutsCorrelationDataAndKeepsAllElse() throws IOException, MqttException {
    byte[] data = new byte[40_000];
    Arrays.fill(data, (byte) 7);
    byte[] before = bytes("00 02 74 6f 00 01");
    byte[] properties = concatenated(bytes("02 00 00 00 05 09 9c 40"), data, bytes("0b 01"));
    byte[] rest =
        concatenated(before, ScriptedBroker.length(properties.length), properties, bytes("7b 7d"));
    byte[] packet = concatenated(bytes("32"), ScriptedBroker.length(rest.length), rest);

    byte[] passedOn =
        new IncomingPackets(
                new ByteArrayInputStream(concatenated(bytes(ACCEPTED), packet)),
                System::nanoTime,
                100_000,
                KEEP_ALIVE)
            .readAllBytes();

    MqttPublish message =
        (MqttPublish)
            MqttWireMessage.createWireMessage(Arrays.copyOfRange(passedOn, 5, passedOn.length));
    assertEquals(32_767, message.getProperties().getCorrelationData().length);
    assertEquals(5, message.getProperties().getMessageExpiryInterval());
    assertEquals(1, message.getProperties().getSubscriptionIdentifiers().get(0));
    assertEquals("{}", new String(message.getPayload(), java.nio.charset.StandardCharsets.UTF_8));
  }

  /** Whatever comes, it ends in packets or in an exception that ends the connection. */
  @Property
  void neverFailsInAnotherWayThanAsAStream(@ForAll byte type, @ForAll @Size(max = 60) byte[] body) {
    byte[] packet = concatenated(new byte[] {type}, ScriptedBroker.length(body.length), body);
    try {
      packets(concatenated(bytes(ACCEPTED), packet)).readAllBytes();
    } catch (IOException expected) {
      // it ends the connection, and says why
    }
  }

  private static byte[] read(byte[] bytes, int skipped) throws IOException {
    byte[] all = packets(bytes).readAllBytes();
    return Arrays.copyOfRange(all, skipped, all.length);
  }

  private static IncomingPackets packets(byte[] bytes) {
    return new IncomingPackets(new ByteArrayInputStream(bytes), System::nanoTime, MOST, KEEP_ALIVE);
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }

  private static byte[] concatenated(byte[]... parts) {
    int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
    byte[] all = new byte[length];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }
}
