package dev.evsebridge.message;

/** A charger's answer to a request. Answers carry no id: they come in the order of the requests. */
public sealed interface ChargerResponse extends ChargerMessage
    permits PingResponse, Reading, SetPwmPercentResponse, SetContactorStateResponse {}
