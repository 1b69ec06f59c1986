import MeshModel

/// The TLS contexts of Istio's proxies: one proxy a workload is asked, a bounded number of them, eight at once.
///
/// Replicas of a workload are told the same, so one speaks for all; which one is in the answer.
struct IstioProxyTLS {
  let dialect: IstioDialect
  let access: any KubernetesAccess

  /// The most proxies asked at once.
  static let sample = 40
  /// The proxies under question at the same time.
  static let parallel = 8

  func report(_ questions: [ProxyTLSQuestion], in snapshot: MeshSnapshot) async -> ProxyTLSReport {
    var report = ProxyTLSReport(at: access.now)
    var proxies: [ObjectRef: ObjectRef] = [:]
    var others: Set<ObjectRef> = []
    for endpoint in snapshot.endpoints.values
    where endpoint.ref.plane == access.plane && endpoint.isReady && endpoint.ref.kind == "pod"
      && (endpoint.proxy == .sidecar || endpoint.proxy == .gateway)
    {
      guard !LinkerdDialect.isMember(endpoint) else {
        others.insert(endpoint.workload)
        continue
      }
      proxies[endpoint.workload] = proxies[endpoint.workload].map { min($0, endpoint.ref) } ?? endpoint.ref
    }
    var asked: [(question: ProxyTLSQuestion, proxy: ObjectRef)] = []
    for question in questions where question.workload.plane == access.plane {
      guard let proxy = proxies[question.workload] else {
        report.gaps[question.workload] =
          others.contains(question.workload)
          ? "Linkerd's proxies do not tell the TLS they run" : reason(question.workload, in: snapshot)
        continue
      }
      if asked.count < Self.sample {
        asked.append((question, proxy))
      } else {
        report.gaps[question.workload] = "not asked: at most \(Self.sample) proxies are; narrow it to a namespace"
      }
    }
    await withTaskGroup(of: Answer.self) { group in
      var rest = asked[...]
      func add() {
        guard let next = rest.popFirst() else { return }
        group.addTask { await answer(of: next.proxy, to: next.question) }
      }
      for _ in 0..<Self.parallel { add() }
      for await answer in group {
        report.workloads[answer.workload] = answer.contexts
        report.gaps[answer.workload] = answer.gap
        add()
      }
    }
    return report
  }

  /// What a proxy told, or why it did not.
  private struct Answer: Sendable {
    var workload: ObjectRef
    var contexts: ProxyTLS?
    var gap: String?
  }

  private func answer(of proxy: ObjectRef, to question: ProxyTLSQuestion) async -> Answer {
    var answer = Answer(workload: question.workload)
    do {
      answer.contexts = try await ask(proxy, question)
    } catch {
      if let dump = await MosnSidecar(dialect: dialect, access: access).configuration(of: proxy) {
        answer.contexts = MosnSidecar.contexts(dump, proxy: proxy, question)
        return answer
      }
      answer.gap = "its proxy does not tell: \(error.message)"
    }
    return answer
  }

  /// Why a workload has no proxy that could be asked.
  private func reason(_ workload: ObjectRef, in snapshot: MeshSnapshot) -> String {
    guard let readiness = snapshot.readiness[workload] else { return "no instance is known" }
    switch readiness.proxy ?? ProxyMode.none {
    case .none: return "no proxy"
    case .ambient: return "its node proxy is not asked"
    default: return readiness.ready == 0 ? "no instance is ready" : "no pod whose proxy could be asked"
    }
  }

  @concurrent
  private func ask(_ proxy: ObjectRef, _ question: ProxyTLSQuestion) async throws(MeshError) -> ProxyTLS {
    let admin = IstioProxyAdmin(dialect: dialect, access: access)
    var contexts = ProxyTLS(proxy: proxy)
    do {
      if question.isServer {
        let name = EnvoyQuery.escaped("virtualInbound")
        var listeners = try EnvoyListenerReader.serving(
          try await admin.get(proxy, "/config_dump?resource=dynamic_listeners&name_regex=\(name)"))
        if !listeners.contains(where: \.isInbound) {
          // Without traffic capture each port has a listener of its own, under its address.
          listeners = try EnvoyListenerReader.serving(
            try await admin.get(proxy, "/config_dump?resource=dynamic_listeners"))
        }
        contexts.inbound = EnvoyTLSContexts.inbound(listeners)
      }
      if !question.hosts.isEmpty {
        let hosts = question.hosts.sorted().map { $0.replacing(".", with: "\\.") }.joined(separator: "|")
        let pattern = EnvoyQuery.escaped("outbound.*(\(hosts))")
        let mask = "cluster.name,cluster.transport_socket,cluster.transport_socket_matches"
        contexts.outbound = try EnvoyTLSContexts.outbound(
          try await admin.get(
            proxy, "/config_dump?resource=dynamic_active_clusters&name_regex=\(pattern)&mask=\(mask)"),
          hosts: question.hosts)
      }
    } catch {
      throw error as? MeshError ?? MeshError(.malformed, "its configuration makes no sense: \(error)", object: proxy)
    }
    return contexts
  }
}

/// The admin interface of one of Istio's proxies: at a configured address, or through the API server.
struct IstioProxyAdmin {
  let dialect: IstioDialect
  let access: any KubernetesAccess

  /// The answer to a GET; a proxy has three seconds.
  func get(_ proxy: ObjectRef, _ path: String, port: Int = 15_000) async throws(MeshError) -> [UInt8] {
    let (access, dialect) = (self.access, self.dialect)
    return try await Deadline.within(seconds: IstioProgrammed.patience, what: "proxy \(proxy.name)") {
      () async throws(MeshError) in
      if let address = dialect.addresses.proxies["\(proxy.namespace)/\(proxy.name)"], let direct = dialect.direct {
        return try await direct(address + path)
      }
      guard proxy.kind == "pod" else { throw Self.unreachable(proxy) }
      do throws(MeshError) {
        return try await access.get(pod: proxy.name, namespace: proxy.namespace, port: port, path: path)
      } catch  where error.code == .notFound {
        // istiod names a VM by its own host name, which no WorkloadEntry need have.
        throw Self.unreachable(proxy)
      }
    }
  }

  /// Why a proxy that is no pod is not asked: the API server leads to pods alone.
  private static func unreachable(_ proxy: ObjectRef) -> MeshError {
    MeshError(
      .unreachable, "it is no pod (a VM?), so the API server does not lead to its proxy", object: proxy,
      remedy: "name its address in the configuration: envoy: [{url, workload: \(proxy.namespace)/\(proxy.name)}]")
  }
}
