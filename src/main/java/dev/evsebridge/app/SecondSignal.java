package dev.evsebridge.app;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a second SIGTERM or SIGINT end the bridge at once, while the first one is being followed:
 * the JVM would ignore it. Whoever sends it does not want to wait until every car has stopped.
 *
 * <p>By reflection, since the compiler warns of {@code sun.misc.Signal} and nothing can suppress
 * that warning. It belongs to the module jdk.unsupported, which every JDK has.
 */
final class SecondSignal {
  private static final Logger LOG = LoggerFactory.getLogger(SecondSignal.class);
  private static final List<String> NAMES = List.of("TERM", "INT");

  /** The exit status of a process that was ended by signal n is 128 + n, as shells have it. */
  private static final int ENDED_BY_SIGNAL = 128;

  private SecondSignal() {}

  /** From now on each of them ends the process without another word. */
  static void endsAtOnce() {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Method number = signal.getMethod("getNumber");
      InvocationHandler halting =
          (proxy, method, arguments) -> {
            if (method.getName().equals("handle")) {
              Runtime.getRuntime().halt(ENDED_BY_SIGNAL + (int) number.invoke(arguments[0]));
            }
            return method.getReturnType() == int.class ? Integer.valueOf(0) : null;
          };
      Object halt =
          Proxy.newProxyInstance(
              SecondSignal.class.getClassLoader(), new Class<?>[] {handler}, halting);
      for (String name : NAMES) {
        Object unused =
            signal
                .getMethod("handle", signal, handler)
                .invoke(null, signal.getConstructor(String.class).newInstance(name), halt);
      }
    } catch (ReflectiveOperationException | RuntimeException e) {
      LOG.debug("A second signal will be ignored", e);
    }
  }
}
