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

  @concurrent
  func report(_ questions: [ProxyTLSQuestion], in snapshot: MeshSnapshot) async -> ProxyTLSReport {
    var report = ProxyTLSReport(at: access.now)
    report.otherwise = "not asked: at most \(Self.sample) proxies are at a time; narrow it to a namespace"
    let questions = questions.filter { $0.workload.plane == access.plane }
    let (proxies, others) = proxies(of: Set(questions.map(\.workload)), in: snapshot)
    var asked: [(question: ProxyTLSQuestion, proxy: ObjectRef)] = []
    for question in questions {
      if let proxy = proxies[question.workload] {
        if asked.count < Self.sample { asked.append((question, proxy)) }
      } else if others.contains(question.workload) {
        report.gaps[question.workload] = "Linkerd's proxies do not tell the TLS they run"
      } else {
        report.gaps[question.workload] =
          snapshot.reasonNotToAsk(question.workload) ?? "no pod whose proxy could be asked"
      }
    }
    let sent = SentConfiguration(
      dialect: dialect, access: access,
      rootNamespace: (snapshot.meshes[access.plane] ?? MeshSettings()).rootNamespace)
    // What istiod sent is kept by what it says it sent before.
    let places = asked.map(\.proxy)
    var states = dialect.sentContexts.isInUse ? await sent.states(of: places, in: snapshot) : [:]
    let before = states
    var isNew = false
    await withTaskGroup(of: Answer.self) { group in
      var rest = asked[...]
      func add() {
        guard let next = rest.popFirst() else { return }
        group.addTask {
          await answer(of: next.proxy, to: next.question, sent, before[next.proxy]?.sent, in: snapshot)
        }
      }
      for _ in 0..<Self.parallel { add() }
      for await answer in group {
        report.workloads[answer.workload] = answer.contexts
        report.gaps[answer.workload] = answer.gap
        if answer.isSent { report.sent.insert(answer.workload) }
        isNew = isNew || answer.isNew
        add()
      }
    }
    if isNew { states = await sent.states(of: places, in: snapshot) }
    for workload in report.sent {
      guard let proxy = report.workloads[workload]?.proxy, let doubt = SentConfiguration.doubt(states[proxy]) else {
        continue
      }
      report.workloads[workload] = nil
      report.gaps[workload] = "its proxy does not tell, and \(doubt)"
      report.sent.remove(workload)
    }
    return report
  }

  /// What a proxy told, or istiod for it, or why neither did.
  private struct Answer: Sendable {
    var workload: ObjectRef
    var contexts: ProxyTLS?
    /// Whether it is what istiod sent the proxy.
    var isSent = false
    /// Whether istiod was asked for that now.
    var isNew = false
    var gap: String?
  }

  private func answer(
    of proxy: ObjectRef, to question: ProxyTLSQuestion, _ sent: SentConfiguration, _ version: UInt64?,
    in snapshot: MeshSnapshot
  ) async -> Answer {
    var answer = Answer(workload: question.workload)
    do {
      answer.contexts = try await ask(proxy, question)
    } catch {
      if let dump = await MosnSidecar(dialect: dialect, access: access).configuration(of: proxy) {
        answer.contexts = MosnSidecar.contexts(dump, proxy: proxy, question)
        return answer
      }
      if let kept = dialect.sentContexts.value(of: proxy, version: version, for: question) {
        (answer.contexts, answer.isSent) = (kept, true)
        return answer
      }
      let reason = error.message
      do throws(MeshError) {
        let contexts = try await contexts(sent, to: proxy, question, in: snapshot)
        dialect.sentContexts.keep(contexts, of: proxy, version: version, for: question)
        (answer.contexts, answer.isSent, answer.isNew) = (contexts, true, true)
      } catch {
        answer.gap = "its proxy does not tell: \(reason); \(error.message)"
      }
    }
    return answer
  }

  /// The TLS contexts in what istiod sent a proxy.
  private func contexts(
    _ sent: SentConfiguration, to proxy: ObjectRef, _ question: ProxyTLSQuestion, in snapshot: MeshSnapshot
  ) async throws(MeshError) -> ProxyTLS {
    let wanted: [SentResource.Kind?] = [question.isServer ? .listeners : nil, question.hosts.isEmpty ? nil : .clusters]
    let reader = SentResources(
      into: (listeners: [EnvoyListener](), contexts: ProxyTLS(proxy: proxy)), others: Set(wanted.compactMap(\.self))
    ) { found, resource throws(JSONError) in
      switch resource {
      case .listeners(let dump): found.listeners += try EnvoyListenerReader.serving(dump)
      case .clusters(let dump):
        found.contexts.outbound += try EnvoyTLSContexts.outbound(dump, hosts: question.hosts)
      case .routes: break
      }
    }
    var (listeners, contexts) = try await sent.read(proxy, in: snapshot, reader)
    let captured = listeners.filter { $0.name == "virtualInbound" }
    if captured.contains(where: \.isInbound) { listeners = captured }
    contexts.inbound = EnvoyTLSContexts.inbound(listeners)
    return contexts
  }

  /// The proxy that speaks for each workload, and the workloads whose proxies are Linkerd's.
  private func proxies(
    of workloads: Set<ObjectRef>, in snapshot: MeshSnapshot
  ) -> (proxies: [ObjectRef: ObjectRef], others: Set<ObjectRef>) {
    let index = dialect.indices.index(of: snapshot, plane: access.plane)
    var proxies: [ObjectRef: ObjectRef] = [:]
    var others: Set<ObjectRef> = []
    for namespace in Set(workloads.map(\.namespace)) {
      // By place: of fifty thousand none is copied to be looked at.
      for place in index.instances.places(in: namespace)
      where place.value.isReady && (place.value.proxy == .sidecar || place.value.proxy == .gateway) {
        let (ref, workload) = (place.value.ref, place.value.workload)
        guard ref.kind == "pod", workloads.contains(workload) else { continue }
        if LinkerdDialect.isMember(place.value) {
          others.insert(workload)
        } else {
          proxies[workload] = min(proxies[workload] ?? ref, ref)
        }
      }
    }
    return (proxies, others)
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
