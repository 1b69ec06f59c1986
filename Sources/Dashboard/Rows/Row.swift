import MeshKit

/// One row of a screen's table. Each in a box of its own size: the largest row is many times the smallest, and a mesh may have
/// 50,000.
indirect enum Row: Sendable {
  case attention(Attention)
  case health(HealthRow)
  case routeHead(Route)
  case rule(RuleRow)
  case splitHead(Split)
  case backend(BackendRow)
  case pair(MTLSPair)
  case accepted(MTLSRow)
  case proxy(ProxyRow)
  case finding(Finding)
  case receipt(Receipt)
  case plane(PlaneRow)

  /// The identity that a choice follows.
  var id: String {
    switch self {
    case .attention(let row): row.id
    case .health(let row): row.ref.description
    case .routeHead(let route): "\(route.ref)"
    case .rule(let row): "\(row.route.ref)#\(row.index)"
    case .splitHead(let split): "\(split.route)#\(split.ruleIndex)"
    case .backend(let row): "\(row.split.route)#\(row.split.ruleIndex)#\(row.place)"
    case .pair(let pair): "\(pair.client)>\(pair.server):\(pair.port)"
    case .accepted(let row): "\(row.workload):\(row.port ?? 0)"
    case .proxy(let row): "\(row.state.ref)"
    case .finding(let finding): "\(finding.object)\(finding.pointer)#\(finding.code)"
    case .receipt(let receipt): receipt.plan.id
    case .plane(let row): row.status.plane.name
    }
  }

  /// Whether it only heads the rows beneath and cannot be chosen.
  var isHead: Bool {
    switch self {
    case .routeHead, .splitHead: true
    default: false
    }
  }

  /// The native object behind it, where there is one.
  var native: ObjectRef? {
    switch self {
    case .attention(let row): row.native
    case .health(let row): row.ref
    case .routeHead(let route): route.ref
    case .rule(let row): row.route.ref
    case .splitHead(let split): split.route
    case .backend(let row): row.split.route
    case .pair(let pair): pair.policy.reasons.lazy.compactMap { $0.source?.object }.first ?? pair.server
    case .accepted(let row): row.reasons.lazy.compactMap { $0.source?.object }.first ?? row.workload
    case .proxy(let row): row.state.ref
    case .finding(let finding): finding.object
    case .receipt(let receipt): receipt.plan.steps.first?.object
    case .plane: nil
    }
  }

  /// The plane it is on.
  var plane: PlaneName? {
    switch self {
    case .attention(let row): row.plane
    case .health(let row): row.ref.plane
    case .routeHead(let route): route.ref.plane
    case .rule(let row): row.route.ref.plane
    case .splitHead(let split): split.route.plane
    case .backend(let row): row.split.route.plane
    case .pair(let pair): pair.server.plane
    case .accepted(let row): row.workload.plane
    case .proxy(let row): row.state.ref.plane
    case .finding(let finding): finding.object.plane
    case .receipt(let receipt): receipt.plan.intent.plane
    case .plane(let row): row.status.plane.name
    }
  }
}

/// Something an operator should look at first.
struct Attention: Sendable, Hashable {
  /// How urgent it is; the greatest first.
  enum Weight: Int, Sendable, Hashable, Comparable {
    case fine, watch, bad

    static func < (left: Weight, right: Weight) -> Bool { left.rawValue < right.rawValue }
  }

  /// The identity that its beginning is remembered by.
  var id: String
  /// How urgent it is.
  var weight: Weight
  /// The thing, as `namespace/name`.
  var subject: String
  /// What state it is in, in two or three words.
  var state: String
  /// Its traffic, where known.
  var traffic: TrafficSum?
  /// Why it is here.
  var why: String
  /// The plane it is on.
  var plane: PlaneName?
  /// The native object behind it.
  var native: ObjectRef?
  /// The screen that tells more, and the row there.
  var target: ScreenID
  /// The identity of the row there.
  var targetRow: String
}

/// A rule of a route and whether any request can reach it.
struct RuleRow: Sendable, Hashable {
  /// The route.
  var route: Route
  /// The place of the rule in it.
  var index: Int
  /// The rule.
  var rule: Rule
  /// Why no request reaches it; `nil` where requests can.
  var unreachable: String?
}

/// A backend of a split.
struct BackendRow: Sendable, Hashable {
  /// The split.
  var split: Split
  /// The place of the backend in it.
  var place: Int

  /// The backend.
  var backend: SplitBackend? { split.backends.indices.contains(place) ? split.backends[place] : nil }
}

/// A proxy and the weights it runs.
struct ProxyRow: Sendable, Hashable {
  /// Its state.
  var state: ProxyState
  /// The weighted routes read from it.
  var routes: [ProgrammedRoute]
  /// Whether its configuration was read.
  var wasAsked: Bool
  /// When its state was read.
  var at: Instant
  /// Its certificates, or why they are not known; `nil` where it was not asked.
  @Rare var certificates: Known<ProxyCertificates>?

  /// The certificate of its own that ends first.
  var certificate: ProxyCertificate? { certificates?.value?.firstToExpire }
}

/// A plane with how its kinds are being read.
struct PlaneRow: Sendable, Hashable {
  /// The plane.
  var status: PlaneStatus
  /// Its kinds, each with how it is read.
  var feeds: [ObjectKind: FeedState]
  /// The kinds listed and watched.
  var liveFeeds: Int { feeds.values.count { if case .live = $0 { true } else { false } } }
  /// What the source of measurements is, or why there is none.
  var telemetry: Known<String>
  /// How many queries a measurement took, and how long.
  var queries: (count: Int, seconds: Double)?

  static func == (left: PlaneRow, right: PlaneRow) -> Bool {
    left.status == right.status && left.feeds == right.feeds
  }

  func hash(into hasher: inout Hasher) { hasher.combine(status) }
}
