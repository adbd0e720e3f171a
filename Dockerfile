# The bridge as an image, built from this folder in two stages.

FROM maven:3.9.12-eclipse-temurin-17 AS build
WORKDIR /build
COPY pom.xml ./
COPY .mvn/ .mvn/
COPY src/ src/
COPY application.properties ./
COPY routes/ routes/
RUN --mount=type=cache,target=/root/.m2 mvn -B -ntp -q -Dmaven.test.skip=true package

FROM eclipse-temurin:25-jre
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin bridge
WORKDIR /bridge
COPY --from=build /build/target/evse-mqtt-bridge.jar ./
COPY bin/ bin/
COPY deploy/healthcheck bin/
COPY application.properties ./
COPY routes/ routes/
# A volume that is mounted here takes over the owner.
RUN install -d -o bridge -g bridge state

# A short run without a broker leaves the class archive that makes later starts faster; the second
# one checks it.
RUN { BRIDGE_STATE_DIR=/tmp/state timeout --preserve-status 15 bin/evse-mqtt-bridge -h tcp://127.0.0.1:9 \
      || [ $? -eq 143 ]; } \
    && rm -rf /tmp/state && bin/evse-mqtt-bridge --version

USER bridge
VOLUME /bridge/state
EXPOSE 9091
# Docker starts a container anew when its process ends, not when it is unhealthy. A frozen bridge goes
# on accepting chargers, so the check ends it; that takes an init process (--init, or init: true).
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["bin/healthcheck", "--end-frozen"]
ENTRYPOINT ["bin/evse-mqtt-bridge"]
