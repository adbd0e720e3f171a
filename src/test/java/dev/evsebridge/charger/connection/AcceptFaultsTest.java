package dev.evsebridge.charger.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** The event loops of several connections may come at the same moment. */
class AcceptFaultsTest {
  private static final int CONNECTIONS = 4;
  private static final int ROUNDS = 2_000;

  @Test
  void watchesTheListeningSocketOnceHoweverManyConnectAtTheSameMoment() throws Exception {
    AcceptFaults faults = new AcceptFaults();
    CyclicBarrier sameMoment = new CyclicBarrier(CONNECTIONS);
    ExecutorService loops = Executors.newFixedThreadPool(CONNECTIONS);
    try {
      for (int round = 0; round < ROUNDS; round++) {
        EmbeddedChannel listening = new EmbeddedChannel();
        int handlersBefore = listening.pipeline().names().size();
        List<Future<?>> connections = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
          connections.add(
              loops.submit(
                  () -> {
                    sameMoment.await();
                    faults.watch(listening);
                    return null;
                  }));
        }
        for (Future<?> connection : connections) {
          connection.get();
        }
        assertEquals(handlersBefore + 1, listening.pipeline().names().size());
      }
    } finally {
      loops.shutdownNow();
    }
  }
}
