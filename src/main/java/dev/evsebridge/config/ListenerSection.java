package dev.evsebridge.config;

import dev.evsebridge.message.SerialNumber;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what is set under {@code evse.} about where chargers connect, who may, and how long. */
final class ListenerSection {

  private static final Duration SHORTEST = Duration.ofMillis(1);
  private static final int EMPTY_READING_BYTES = 44;
  private static final int LONGEST_FRAME_BYTES = 16 * 1024 * 1024;
  private static final String ANY_IPV4_ADDRESS = "0.0.0.0";

  private ListenerSection() {}

  static SessionLimits limits(SettingReader reader) throws ConfigurationException {
    return new SessionLimits(
        reader.duration(Setting.EVSE_HANDSHAKE_TIMEOUT, SHORTEST),
        reader.duration(Setting.EVSE_IDLE_TIMEOUT, SHORTEST),
        reader.duration(Setting.EVSE_REQUEST_TIMEOUT, SHORTEST),
        reader.duration(Setting.EVSE_FIRMWARE_TIMEOUT, SHORTEST),
        reader.number(Setting.EVSE_REQUEST_QUEUE, 0, 10_000),
        reader.number(Setting.EVSE_MAX_CONNECTIONS, 1, 1_000_000),
        reader.number(Setting.EVSE_MAX_FRAME_LENGTH, EMPTY_READING_BYTES, LONGEST_FRAME_BYTES));
  }

  static int bindPort(SettingReader reader) throws ConfigurationException {
    return reader.number(Setting.EVSE_BIND_PORT, 1, 65_535);
  }

  static String bindAddress(SettingReader reader) throws ConfigurationException {
    String address =
        reader.parsed(
            Setting.EVSE_BIND_ADDRESS,
            "it must be an address of this machine",
            ListenerSection::address);
    return reader.isSet(Setting.EVSE_BIND_ADDRESS) || hasIpv6() ? address : ANY_IPV4_ADDRESS;
  }

  private static @Nullable String address(String text) {
    String address =
        text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
    if (address.isEmpty() || !address.equals(address.strip())) {
      return null;
    }
    try {
      InetAddress.getByName(address);
      return address.contains(":") ? "[" + address + "]" : address;
    } catch (UnknownHostException e) {
      return null;
    }
  }

  /** Whether a socket can be bound to the IPv6 address that stands for all. */
  private static boolean hasIpv6() {
    try (DatagramChannel channel = DatagramChannel.open(StandardProtocolFamily.INET6)) {
      channel.bind(new InetSocketAddress("::", 0));
      return true;
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  static Set<SerialNumber> allowedSerials(SettingReader reader) throws ConfigurationException {
    return reader.parsed(
        Setting.EVSE_ALLOWED_SERIALS,
        "it must be serial numbers of 32 hex digits, with commas between them",
        ListenerSection::serials);
  }

  private static @Nullable Set<SerialNumber> serials(String text) {
    Set<SerialNumber> serials = new LinkedHashSet<>();
    for (String item : text.split(",", -1)) {
      if (item.isBlank()) {
        continue;
      }
      try {
        serials.add(SerialNumber.parse(item.strip()));
      } catch (IllegalArgumentException e) {
        return null;
      }
    }
    return Set.copyOf(serials);
  }
}
