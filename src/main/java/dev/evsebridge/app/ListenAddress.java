package dev.evsebridge.app;

import dev.evsebridge.config.ConfigurationException;
import dev.evsebridge.runtime.Failures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * Where chargers connect.
 *
 * @param host an address of this machine; IPv6 in brackets
 * @param port 1 to 65535
 */
record ListenAddress(String host, int port) {

  /**
   * Checks the port before the broker is reached: a second bridge must not throw the first one out.
   * With a socket that does not listen: a charger that was let in would start its 300 s anew.
   */
  void requireFree() throws ConfigurationException {
    try (Socket socket = new Socket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName(host), port));
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  ConfigurationException unusable(Exception e) {
    return new ConfigurationException(
        "Can't listen for chargers on %s (evse.bind_address, evse.bind_port): %s"
            .formatted(this, Failures.rootMessage(e)));
  }

  /** How chargers on this machine, simulated ones, reach it. */
  InetSocketAddress fromHere() {
    InetSocketAddress bound = new InetSocketAddress(host, port);
    return bound.getAddress().isAnyLocalAddress()
        ? new InetSocketAddress(InetAddress.getLoopbackAddress(), port)
        : bound;
  }

  @Override
  public String toString() {
    return host + ":" + port;
  }
}
