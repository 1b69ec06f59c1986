import MeshModel

/// Who answers behind the API server: istiod on its pod and service, Envoy on every sidecar's pod.
struct MeshAnswers: Sendable {
  let store: ObjectStore
  let simulation: Simulation
  let clock: @Sendable () -> Double

  /// The answer of a pod or service reached through the API server's proxy.
  func answer(_ request: PlainRequest) -> PlainAnswer? {
    switch request.target {
    case .server:
      let time = clock()
      return TrafficMetricsServer(state: simulation.at(time) { $0 }, store: store, time: time).answer(request.path)
    case .service(let namespace, let name, let port):
      guard namespace == simulation.scenario.mesh.rootNamespace,
        name == "istiod" || name.hasPrefix("istiod-") || name == "istio-pilot"
      else { return nil }
      return ["15014", "8080", "http-monitoring"].contains(port) ? istiod(request) : nil
    case .pod(let namespace, let name, let port):
      let time = clock()
      let state = simulation.at(time) { $0 }
      guard let instance = state.registry.pod(namespace, name) else { return nil }
      if instance.labels["istio"] == "pilot" {
        return ["8080", "15014"].contains(port) ? istiod(request) : nil
      }
      if instance.proxy == .linkerd { return linkerd(request, port: port, instance, state) }
      guard instance.hasProxy else { return nil }
      if simulation.scenario.mesh.isSOFA {
        // Mixer has the metrics; a MOSN has its own administration and no Envoy's.
        guard port == MosnAdmin.port else { return nil }
        return MosnAdmin(proxy: instance, state: state, simulation: simulation, time: time).answer(request)
      }
      switch port {
      case "15000":
        guard simulation.scenario.mesh.opensAdministration else { return nil }
        return EnvoyAdmin(proxy: instance, state: state, simulation: simulation, time: time).answer(request)
      case "15020", "15090":
        guard request.path == "/stats/prometheus" || request.path == "/metrics" else {
          return .text("404 page not found\n", status: 404)
        }
        return .exposition(Exposition(state: state, simulation: simulation).bytes(of: instance))
      case "15021" where request.path == "/healthz/ready":
        return instance.isReady ? .text("") : .text("not ready\n", status: 503)
      default: return nil
      }
    }
  }

  /// The administration of a proxy of Linkerd.
  private func linkerd(
    _ request: PlainRequest, port: String, _ instance: Instance, _ state: Simulation.State
  ) -> PlainAnswer? {
    guard port == "4191" || port == "linkerd-admin" else { return nil }
    switch request.path {
    case "/metrics":
      return .exposition(Exposition(state: state, simulation: simulation).bytesOfLinkerd(instance))
    case "/ready": return instance.isReady ? .text("ready\n") : .text("not ready\n", status: 503)
    case "/live": return .text("live\n")
    default: return .text("not found\n", status: 404)
    }
  }

  /// istiod's answer.
  func istiod(_ request: PlainRequest) -> PlainAnswer {
    let time = clock()
    return IstiodDebug(
      state: simulation.at(time) { $0 }, simulation: simulation, store: store, time: time
    ).answer(request)
  }

  /// The metrics of all proxies.
  func metrics(_ request: PlainRequest) -> PlainAnswer {
    guard request.path == "/metrics" || request.path == "/federate" else {
      return .text("the metrics are at /metrics\n", status: 404)
    }
    return .exposition(Exposition(state: simulation.at(clock()) { $0 }, simulation: simulation).bytes())
  }
}

extension PlainAnswer {
  /// Metrics in Prometheus' text format.
  static func exposition(_ text: [UInt8]) -> PlainAnswer {
    PlainAnswer(contentType: "text/plain; version=0.0.4; charset=utf-8", body: text)
  }
}
