import MeshModel

/// What Istio's proxies run: istiod's view of all, and the routes of a bounded sample asked themselves.
struct IstioProgrammed {
  let dialect: IstioDialect
  let access: any KubernetesAccess
  /// The bytes of answers after which no other proxy is asked: each tells the services of the whole mesh, and what some run
  /// speaks for the others.
  var budget = 64 << 20

  /// The most proxies asked for their configuration.
  static let sample = 8
  /// The proxies under question at the same time: each answer is as long as the mesh is large.
  static let parallel = 2
  /// The seconds a proxy has to answer.
  static let patience = 3.0
  /// The seconds a proxy has to begin telling its routes, or to go on: it makes all of them before it sends the first.
  static let routesPatience = 6.0
  /// Where a proxy tells its routes.
  static let routesPath = "/config_dump?resource=dynamic_route_configs"

  @concurrent
  func report(for routes: [Route], in snapshot: MeshSnapshot) async -> ProgrammedReport {
    let settings = snapshot.meshes[access.plane] ?? MeshSettings()
    var report = ProgrammedReport(at: access.now)
    let (proxies, gaps) = await proxies(settings: settings, in: snapshot)
    report.gaps = gaps
    // Istio's proxies also run what is written in other APIs, the Gateway API before all.
    let areAll = routes.allSatisfy { $0.ref.plane == access.plane }
    let wanted = areAll ? routes : routes.filter { $0.ref.plane == access.plane }
    guard !wanted.isEmpty else {
      report.proxies = proxies
      return report
    }
    // A route without hosts is run under those of the routes that hand on to it.
    var roots: [ObjectRef: [DelegateRoot]] = [:]
    var callable = wanted
    if wanted.contains(where: \.hosts.isEmpty) {
      roots = DelegateRoot.all(in: snapshot, plane: access.plane, settings: settings)
      callable = wanted.flatMap { route in
        route.hosts.isEmpty ? (roots[route.ref] ?? []).compactMap { snapshot.routes[$0.ref] } : [route]
      }
    }
    let chosen = ProxySample(snapshot: snapshot, plane: access.plane).proxies(
      for: callable.isEmpty ? wanted : callable, known: proxies, limit: Self.sample)
    if chosen.isEmpty { report.gaps.append("no proxy is known that could be asked") }
    let question = dialect.questions.question(of: wanted, in: snapshot.generation) {
      Question(of: wanted, called: callable, roots: roots, settings)
    }
    let answers = await ask(chosen, question, known: proxies, in: snapshot)
    // What istiod sent counts by what was acknowledged of it since.
    let states = answers.contains(where: \.isNew) ? await self.proxies(settings: settings, in: snapshot).0 : proxies
    report.proxies = Self.take(answers, of: states, into: &report)
    if answers.count < chosen.count {
      let longest = (answers.map(\.bytes).max() ?? 0) >> 20
      let left = chosen.count - answers.count
      let isSlow = answers.contains(where: \.isLate)
      // One that was too slow is not helped by others that are asked soon after it.
      if !isSlow { report.unasked = left }
      report.gaps.append(
        "\(left.counted("more proxy")) not asked: "
          + (isSlow ? "one was too slow" : "what one tells is \(longest) MiB"))
    }
    return report
  }

  /// Every proxy istiod knows, in the order of their names, and why one is missing.
  private func proxies(settings: MeshSettings, in snapshot: MeshSnapshot) async -> ([ProxyState], gaps: [String]) {
    let istiod = IstiodDebug(dialect: dialect, access: access)
    let (answers, gaps) = await istiod.ask(
      "/debug/syncz", rootNamespace: settings.rootNamespace, in: snapshot,
      SyncTable(plane: access.plane, snapshot: snapshot, memo: dialect.syncs))
    var proxies = answers.first?.value ?? []
    // Only several replicas can know one proxy twice.
    if answers.count > 1 {
      var seen: [ObjectRef: Int] = [:]
      for (index, state) in proxies.enumerated() { seen[state.ref] = index }
      for state in answers.dropFirst().map(\.value).joined() {
        if let index = seen[state.ref] {
          // Known to two replicas while it moves from one to the other: the fuller answer is the newer one.
          if proxies[index].sync.values.contains(.notSent) { proxies[index] = state }
        } else {
          seen[state.ref] = proxies.count
          proxies.append(state)
        }
      }
    }
    proxies.putInOrder()
    return (proxies, gaps)
  }

  /// What one proxy answered, or istiod for it.
  private struct Answer: Sendable {
    var proxy: ObjectRef
    var routes: [ProgrammedRoute] = []
    var rejected: [ProxyState.ConfigType: Int] = [:]
    var certificateDaysLeft: Int?
    /// Whether it is what istiod sent the proxy.
    var isSent = false
    /// Whether istiod was asked for that now.
    var isNew = false
    var gap: String?
    /// The length of what was answered.
    var bytes = 0
    /// Whether the proxy itself took more time than it had.
    var isLate = false
  }

  /// Asks proxies for what they run.
  private func ask(
    _ proxies: [ObjectRef], _ question: Question, known: [ProxyState], in snapshot: MeshSnapshot
  ) async -> [Answer] {
    await withTaskGroup(of: Answer.self) { group in
      var rest = proxies[...]
      var asking = 0
      func add() {
        guard let proxy = rest.popFirst() else { return }
        let state = known.place(of: proxy).map { known[$0] }
        asking += 1
        group.addTask { await ask(proxy, question, state, in: snapshot) }
      }
      // One alone at first: what others tell alike is found in its answer. But its word is not the only one.
      for _ in 0..<(dialect.virtualHosts.isKnown(for: question) ? Self.parallel : 1) { add() }
      var answers: [Answer] = []
      for await answer in group {
        asking -= 1
        answers.append(answer)
        let isEnough = answers.reduce(0) { $0 + $1.bytes } > budget || answers.contains(where: \.isLate)
        while asking < Self.parallel, !rest.isEmpty, !isEnough || answers.count + asking < Self.parallel { add() }
      }
      return answers.sorted { $0.proxy < $1.proxy }
    }
  }

  /// Takes answers into a report; the states of all proxies, with what those asked say of themselves.
  private static func take(
    _ answers: [Answer], of known: [ProxyState], into report: inout ProgrammedReport
  ) -> [ProxyState] {
    var states = known
    for answer in answers {
      let place = states.place(of: answer.proxy)
      let doubt = answer.isSent ? SentConfiguration.doubt(place.map { states[$0] }) : nil
      if let gap = answer.gap ?? doubt.map({ "\(answer.proxy.namespace)/\(answer.proxy.name): \($0)" }) {
        report.gaps.append(gap)
        continue
      }
      report.asked.append(answer.proxy)
      if answer.isSent { report.sent.append(answer.proxy) }
      report.routes += answer.routes
      guard let place else { continue }
      if states[place].certificateDaysLeft != answer.certificateDaysLeft {
        states[place].certificateDaysLeft = answer.certificateDaysLeft
      }
      states[place].noteRejections(answer.rejected)
    }
    return states
  }

  @concurrent
  private func ask(
    _ proxy: ObjectRef, _ question: Question, _ state: ProxyState?, in snapshot: MeshSnapshot
  ) async -> Answer {
    var answer = Answer(proxy: proxy)
    let begun = ContinuousClock.now
    do throws(MeshError) {
      // A proxy that was sent nothing since it was asked, and answered nothing, runs what it ran then: in a large mesh eight
      // answers are 800 MB. One that has not taken all may have been about to take some of it when it was asked first: of
      // what it rejects, Envoy takes what stands before the fault.
      let exchanged = state?.exchanged
      let readings = state?.hasSettledConfiguration == true ? 1 : 2
      if let kept = dialect.ownRoutes.value(of: proxy, version: exchanged, for: question, readings: readings) {
        answer.routes = kept
      } else {
        let told = try await routes(of: proxy, question)
        answer.bytes = told.bytes
        answer.routes = dialect.ownRoutes.share(told.routes, of: proxy, version: exchanged, for: question)
      }
    } catch {
      if let dump = await MosnSidecar(dialect: dialect, access: access).configuration(of: proxy) {
        answer.routes = MosnSidecar.routes(dump, proxy: proxy, where: question.isWanted)
        return answer
      }
      let own = error.message
      answer.isLate = begun.duration(to: .now) >= .seconds(Self.routesPatience)
      if let kept = dialect.sentRoutes.value(of: proxy, version: state?.sent, for: question) {
        (answer.routes, answer.isSent) = (kept, true)
        return answer
      }
      do throws(MeshError) {
        let told = try await sent(
          proxy, rootNamespace: question.rootNamespace, in: snapshot, question.wanted, streams: question.streams)
        answer.routes = dialect.sentRoutes.share(told, of: proxy, version: state?.sent, for: question)
        (answer.isSent, answer.isNew) = (true, true)
        return answer
      } catch {
        answer.gap = "\(proxy.namespace)/\(proxy.name): \(own); \(error.message)"
        return answer
      }
    }
    // Certificates and counters are extras: without them the routes still hold.
    if let bytes = try? await get(proxy, "/certs") {
      answer.certificateDaysLeft = (try? EnvoyAdminAnswers.certificateDaysLeft(bytes)) ?? nil
    }
    if state?.sync.values.contains(.stale) == true,
      let bytes = try? await get(proxy, "/stats?format=json&filter=update_rejected")
    {
      answer.rejected = (try? EnvoyAdminAnswers.rejectedUpdates(bytes)) ?? [:]
    }
    return answer
  }

  /// The routes that a proxy tells of itself, and the length of what it told.
  private func routes(
    of proxy: ObjectRef, _ question: Question
  ) async throws(MeshError) -> (routes: [ProgrammedRoute], bytes: Int) {
    let hosts = dialect.virtualHosts
    let reader = RoutesReader(proxy, question.wanted, like: hosts.answer(to: question)) {
      hosts.keep($0, for: question)
    }
    let told = try await IstioProxyAdmin(dialect: dialect, access: access).read(proxy, Self.routesPath, reader)
    guard question.streams else { return (told.value, told.bytes) }
    let bytes = try await get(proxy, "/config_dump?resource=dynamic_listeners")
    let listeners: [EnvoyListener]
    do throws(JSONError) { listeners = try EnvoyListenerReader.serving(bytes) } catch {
      throw MeshError(.malformed, "its listeners make no sense: \(error)", object: proxy, underlying: error)
    }
    return (told.value + Self.streams(listeners, proxy: proxy), told.bytes + bytes.count)
  }

  /// The routes that istiod sent a proxy; `isAwaited` where a person waits for just this one.
  func sent(
    _ proxy: ObjectRef, isAwaited: Bool = false, rootNamespace: String, in snapshot: MeshSnapshot,
    _ wanted: RoutesReader.Wanted = RoutesReader.Wanted(), streams: Bool
  ) async throws(MeshError) -> [ProgrammedRoute] {
    let configuration = SentConfiguration(dialect: dialect, access: access, rootNamespace: rootNamespace)
    let reader = SentResources(
      into: [ProgrammedRoute](), routes: RoutesReader(proxy, wanted), others: streams ? [.listeners] : []
    ) { routes, resource throws(JSONError) in
      switch resource {
      case .routes(let found): routes += found
      case .listeners(let dump): routes += Self.streams(try EnvoyListenerReader.serving(dump), proxy: proxy)
      case .clusters: break
      }
    }
    return try await configuration.read(proxy, isAwaited: isAwaited, in: snapshot, reader)
  }

  /// The routes of streams in a proxy's outbound listeners: those made from an object, with where they lead.
  static func streams(_ listeners: [EnvoyListener], proxy: ObjectRef) -> [ProgrammedRoute] {
    listeners.filter { !$0.isInbound }.flatMap { listener in
      listener.chains.filter { !$0.clusters.isEmpty && !$0.origin.isEmpty }.map { chain in
        ProgrammedRoute(
          proxy: proxy, domains: chain.serverNames, name: "", origin: chain.origin, clusters: chain.clusters,
          port: listener.port, isStream: true)
      }
    }
  }

  /// The answer of a proxy's administration interface to a path.
  func get(_ proxy: ObjectRef, _ path: String) async throws(MeshError) -> [UInt8] {
    try await IstioProxyAdmin(dialect: dialect, access: access).get(proxy, path)
  }
}

extension ProxyState {
  /// Turns what is unacknowledged into a rejection where the proxy itself counted rejected updates of the type.
  ///
  /// istiod before the form with `lastError` shows a rejection only as "sent is not acknowledged".
  mutating func noteRejections(_ counts: [ConfigType: Int]) {
    for type in ConfigType.allCases {
      guard let count = counts[type], count > 0, sync[type] == .stale else { continue }
      let text = "the proxy rejected \(count.counted("\(type.rawValue.uppercased()) update"))"
      sync[type] = .rejected(text)
      rejection = rejection ?? text
    }
  }
}
