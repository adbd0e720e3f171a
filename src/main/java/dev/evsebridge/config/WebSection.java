package dev.evsebridge.config;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads what is set under {@code web.} about the port for health, metrics, API and page. */
final class WebSection {

  private static final int MOST_PORT = 65_535;
  private static final Pattern HOST_NAME =
      Pattern.compile("[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})|\\[[0-9A-Fa-f:.]+]");

  private WebSection() {}

  /** Everything is checked, also where no port is set. */
  static Optional<WebSettings> read(SettingReader reader) throws ConfigurationException {
    Optional<Integer> port =
        reader.parsedIfSet(
            Setting.WEB_PORT, "it must be a whole number, 1 to " + MOST_PORT, WebSection::port);
    InetAddress address =
        reader.parsed(
            Setting.WEB_ADDRESS, "it must be an address of this machine", WebSection::address);
    String username =
        reader.parsed(
            Setting.WEB_USERNAME,
            "it must hold no ':' and no control characters, and not be empty",
            WebSection::username);
    Optional<Secret> password = password(reader);
    Set<String> hostNames =
        reader.parsed(
            Setting.WEB_HOST_NAMES,
            "it must be host names without ports, with commas between them",
            WebSection::hostNames);
    Optional<String> ingress =
        reader.parsedIfSet(
            Setting.WEB_INGRESS,
            "it must be the IP address of Home Assistant's Supervisor, 172.30.32.2",
            WebSection::ingress);
    boolean readOnly = reader.flag(Setting.WEB_READ_ONLY);
    boolean openMetrics = reader.flag(Setting.WEB_OPEN_METRICS);
    if (port.isEmpty()) {
      return Optional.empty();
    }
    if (!address.isLoopbackAddress() && password.isEmpty()) {
      throw reader.refused(
          Setting.WEB_ADDRESS,
          "others can reach that address, so web.password or web.password_file must be set as well");
    }
    return Optional.of(
        new WebSettings(
            address.getHostAddress(),
            port.get(),
            username,
            password,
            hostNames,
            ingress,
            readOnly,
            openMetrics));
  }

  private static @Nullable Integer port(String text) {
    try {
      int port = Integer.parseInt(text);
      return port >= 1 && port <= MOST_PORT ? port : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private static @Nullable InetAddress address(String text) {
    if (text.isEmpty() || !text.equals(text.strip())) {
      return null;
    }
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      return null;
    }
  }

  /** Names are not looked up: whose address it is decides who needs no password. */
  private static @Nullable String ingress(String text) {
    boolean literal = NetUtil.isValidIpV4Address(text) || NetUtil.isValidIpV6Address(text);
    InetAddress address = literal ? address(text) : null;
    return address == null || address.isAnyLocalAddress() ? null : address.getHostAddress();
  }

  private static @Nullable String username(String text) {
    return text.isEmpty() || text.contains(":") || text.chars().anyMatch(Character::isISOControl)
        ? null
        : text;
  }

  private static Optional<Secret> password(SettingReader reader) throws ConfigurationException {
    Optional<String> password = reader.optionalText(Setting.WEB_PASSWORD);
    Path file = reader.readableFile(Setting.WEB_PASSWORD_FILE);
    if (file == null) {
      return password.map(Secret::new);
    }
    if (password.isPresent()) {
      throw reader.refused(
          Setting.WEB_PASSWORD_FILE, "web.password is set too, and only one of them can hold");
    }
    if (reader.content(Setting.WEB_PASSWORD_FILE, file).isBlank()) {
      throw reader.refused(Setting.WEB_PASSWORD_FILE, "its file must hold a password");
    }
    return Optional.of(Secret.inFile(Setting.WEB_PASSWORD_FILE, file));
  }

  private static @Nullable Set<String> hostNames(String text) {
    Set<String> names = new LinkedHashSet<>();
    for (String item : text.split(",", -1)) {
      String name = item.strip();
      if (name.isEmpty()) {
        continue;
      }
      if (!HOST_NAME.matcher(name).matches()) {
        return null;
      }
      names.add(name.toLowerCase(Locale.ROOT));
    }
    return names;
  }
}
