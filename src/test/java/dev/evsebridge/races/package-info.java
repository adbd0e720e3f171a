/**
 * Several bridges with one broker, and a ledger of what becomes of each request: {@code mvn
 * -Praces} lets chargers move, bridges die and freeze and the broker come and go, and prints
 * figures.
 */
package dev.evsebridge.races;
