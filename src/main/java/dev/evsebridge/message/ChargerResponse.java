package dev.evsebridge.message;

/** A charger's response to a request. It carries no id: responses come in the requests' order. */
public sealed interface ChargerResponse extends ChargerMessage
    permits PingResponse, Reading, SetPwmPercentResponse, SetContactorStateResponse {}
