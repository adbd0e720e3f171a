package dev.evsebridge.mqtt;

/**
 * Is told what became of a message. Told under a lock of the connection, or on its thread: must not
 * block.
 */
public interface Receipt {

  /** The header of a message whose sender wants to know. */
  String HEADER = "CamelBridgeReceipt";

  /**
   * The broker has the message, or has refused it.
   *
   * @param reasonCode of MQTT 5, table 2-6: from 0x80 on a refusal
   */
  default void acknowledged(int reasonCode) {}

  /**
   * It was given up: it can't be sent to this broker, or the connection ended each time.
   *
   * @param reason why, in words
   */
  default void undeliverable(String reason) {}
}
