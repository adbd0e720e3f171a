package dev.evsebridge.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.Set;

/**
 * The port for health, metrics, API and page.
 *
 * @param address where it listens; IPv6 without brackets
 * @param port where it listens
 * @param username who logs in
 * @param password asked for where it is set, on loopback addresses too
 * @param hostNames further values of the header Host that are answered, in lower case
 * @param ingress the address of Home Assistant's Supervisor, whose requests need no password where
 *     it has let somebody in; empty where there is none
 * @param readOnly whether nothing can be switched here
 * @param openMetrics whether health and metrics are given without a password
 */
public record WebSettings(
    String address,
    int port,
    String username,
    Optional<Secret> password,
    Set<String> hostNames,
    Optional<String> ingress,
    boolean readOnly,
    boolean openMetrics) {

  /** Copies the set. */
  public WebSettings {
    hostNames = Set.copyOf(hostNames);
  }

  /** Where this machine itself reaches it: address, space, port. */
  public String fromHere() {
    InetSocketAddress bound = new InetSocketAddress(address, port);
    InetAddress reached =
        bound.getAddress().isAnyLocalAddress()
            ? InetAddress.getLoopbackAddress()
            : bound.getAddress();
    return reached.getHostAddress() + " " + port;
  }
}
