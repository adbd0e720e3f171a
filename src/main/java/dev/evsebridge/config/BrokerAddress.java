package dev.evsebridge.config;

import java.net.IDN;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Where the broker is, in the ways in which people write that. */
final class BrokerAddress {

  private static final String ALLOWED =
      "it must be tcp://host:port, ssl://host:port, ws://host:port/path or wss://host:port/path";

  private static final Map<String, String> SCHEMES =
      Map.of(
          "tcp", "tcp", "mqtt", "tcp", "ssl", "ssl", "mqtts", "ssl", "tls", "ssl", "ws", "ws",
          "wss", "wss");

  private static final Pattern PARTS =
      Pattern.compile(
          "(?:(?<scheme>[A-Za-z]+)://)?(?<host>\\[[0-9A-Fa-f:.]+(?:%[\\w.-]+)?]|[^\\[\\]:/?#\\\\\\s%]+)(?::(?<port>\\d{1,5}))?(?<rest>[/?]\\S*)?");

  /** Of a name; Docker's may hold an underscore, though no host name of the Internet does. */
  private static final Pattern NAME =
      Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?");

  /** Of a host name between two dots (RFC 1035, 2.3.4). */
  private static final int LONGEST_LABEL = 63;

  private BrokerAddress() {}

  /** The address as the MQTT client takes it. */
  static URI read(SettingReader reader) throws ConfigurationException {
    for (SettingValue value : reader.all(Setting.MQTT_BROKER)) {
      if (value.text().indexOf('@') >= 0) {
        throw new ConfigurationException(
            "%s = (not shown) (from %s): a user name and a password do not belong here but into mqtt.username and mqtt.password"
                .formatted(Setting.MQTT_BROKER.key(), value.source()));
      }
    }
    return reader.parsed(Setting.MQTT_BROKER, ALLOWED, BrokerAddress::parse);
  }

  private static @Nullable URI parse(String text) {
    Matcher parts = PARTS.matcher(text);
    if (!parts.matches()) {
      return null;
    }
    String written = parts.group("scheme");
    String scheme = SCHEMES.get(written == null ? "tcp" : written.toLowerCase(Locale.ROOT));
    String host = host(parts.group("host"));
    String port = parts.group("port");
    if (scheme == null || host == null || (port != null && !isPort(port))) {
      return null;
    }
    String rest = parts.group("rest") == null ? "" : parts.group("rest");
    if (!scheme.startsWith("ws")) {
      if (!rest.isEmpty() && !rest.equals("/")) {
        return null;
      }
      rest = "";
    }
    try {
      return new URI(scheme + "://" + host + (port == null ? "" : ":" + port) + rest);
    } catch (URISyntaxException e) {
      return null;
    }
  }

  private static @Nullable String host(String text) {
    if (text.startsWith("[")) {
      return text;
    }
    try {
      // Most names are short and ASCII, and the tables for the others take a while to load.
      String name = isShortAscii(text) ? text : IDN.toASCII(text);
      return NAME.matcher(name).matches() && !name.contains("..") ? name : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static boolean isShortAscii(String text) {
    return text.length() <= LONGEST_LABEL && text.chars().allMatch(character -> character < 0x80);
  }

  private static boolean isPort(String digits) {
    int port = Integer.parseInt(digits);
    return port >= 1 && port <= 65_535;
  }
}
