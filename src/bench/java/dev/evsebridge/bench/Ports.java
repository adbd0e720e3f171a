package dev.evsebridge.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Free ports, and the processes that come to listen on them. */
final class Ports {
  private static final long LOOK_EVERY_NANOS = 2_000_000;

  private Ports() {}

  static int free() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Waits until the process listens. */
  static void awaitListening(int port, Process process, int seconds) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!isListening(port)) {
      if (!process.isAlive()) {
        throw new IOException(
            "ended with status " + process.exitValue() + " before it listened on port " + port);
      }
      if (System.nanoTime() > deadline) {
        throw new IOException("does not listen on port " + port + " after " + seconds + " s");
      }
      LockSupport.parkNanos(LOOK_EVERY_NANOS);
    }
  }

  static void stop(Process process) {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private static boolean isListening(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }
}
