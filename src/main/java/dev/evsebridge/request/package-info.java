/** What the routes do with requests from MQTT: read and check them, send them, reply to them. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.request;
