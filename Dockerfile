# The bridge as an image, built from this folder: docker build -t evse-mqtt-bridge .
# Other images can take the place of these; the test (deploy/docker/test) makes its own.
ARG BUILD_IMAGE=maven:3.9.12-eclipse-temurin-17
ARG JDK_IMAGE=eclipse-temurin:25-jdk
ARG BASE_IMAGE=debian:trixie-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY pom.xml ./
COPY .mvn/ .mvn/
COPY src/ src/
COPY application.properties ./
COPY routes/ routes/
RUN --mount=type=cache,target=/root/.m2 mvn -B -ntp -q -Dmaven.test.skip=true package

# A Java with what the bridge needs and no more, and the jar compressed: with the class archive below,
# the bridge starts as fast with it as with the one that is not.
FROM ${JDK_IMAGE} AS java
WORKDIR /build
COPY --from=build /build/target/evse-mqtt-bridge.jar ./
RUN jlink --output /opt/bridge-java --strip-java-debug-attributes --no-header-files --no-man-pages --compress=2 --add-modules \
      java.base,java.desktop,java.instrument,java.logging,java.management,java.naming,java.net.http,java.security.jgss,java.sql,java.xml,jdk.crypto.ec,jdk.management,jdk.unsupported,jdk.zipfs \
    && mkdir content && cd content && jar xf ../evse-mqtt-bridge.jar && mkdir /bridge \
    && jar cfm /bridge/evse-mqtt-bridge.jar META-INF/MANIFEST.MF .

FROM ${BASE_IMAGE}
RUN echo "bridge:x:10001:" >> /etc/group \
    && echo "bridge:x:10001:10001:EVSE-MQTT bridge:/bridge:/usr/sbin/nologin" >> /etc/passwd
ENV JAVA_HOME=/opt/bridge-java
COPY --from=java /opt/bridge-java/ /opt/bridge-java/
WORKDIR /bridge
COPY --from=java /bridge/evse-mqtt-bridge.jar ./
COPY bin/ bin/
COPY deploy/healthcheck bin/
COPY application.properties ./
COPY routes/ routes/

# A volume that is mounted at state takes over the owner. A short run without a broker leaves the class
# archive that makes later starts faster; the second one checks it.
RUN install -d -o bridge -g bridge state && "$JAVA_HOME/bin/java" -Xshare:dump > /dev/null \
    && { BRIDGE_STATE_DIR=/tmp/state timeout --preserve-status 15 bin/evse-mqtt-bridge -h tcp://127.0.0.1:9 \
      || [ $? -eq 143 ]; } \
    && rm -rf /tmp/state && bin/evse-mqtt-bridge --version

USER 10001:10001
VOLUME /bridge/state
EXPOSE 9091
# Docker starts a container anew when its process ends, not when it is unhealthy. A frozen bridge goes
# on accepting chargers, so the check ends it; that takes an init process (--init, or init: true).
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["bin/healthcheck", "--end-frozen"]
ENTRYPOINT ["bin/evse-mqtt-bridge"]
