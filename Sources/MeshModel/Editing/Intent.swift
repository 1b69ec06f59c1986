/// What an operator wants changed, in no control plane's own words.
public enum Intent: Sendable, Hashable {
  /// New weights for the backends of one rule.
  case weights(WeightsIntent)
  /// New settings of one rule.
  case rule(RuleIntent)
  /// A new mTLS mode.
  case mtls(MTLSIntent)
  /// A native object as it shall be: created where absent, edited where present.
  case object(ObjectIntent)
  /// A native object to delete.
  case delete(ObjectRef)
}

/// New weights: "reviews: v1 70, v2 30".
public struct WeightsIntent: Sendable, Hashable {
  /// The route.
  public var route: ObjectRef
  /// The rule by name or by its number from 0; `nil` where the route has one weighted rule.
  public var rule: String?
  /// The weight of each backend by name, counted by ``scale``. A backend not named keeps its weight.
  public var weights: [Entry]
  /// How many of the units of ``weights`` make a written 1: 1 for whole numbers, 100 for numbers of two decimals.
  public var scale: Int

  /// A backend and its weight.
  public struct Entry: Sendable, Hashable {
    /// The backend's name: subset, revision or host.
    public var backend: String
    /// Its weight, counted by the intent's scale.
    public var weight: Int

    /// Creates an entry.
    public init(backend: String, weight: Int) {
      self.backend = backend
      self.weight = weight
    }
  }

  /// Creates an intent.
  public init(route: ObjectRef, rule: String? = nil, weights: [Entry], scale: Int = 1) {
    self.route = route
    self.rule = rule
    self.weights = weights
    self.scale = scale
  }

  /// Creates an intent of typed numbers, such as `30` or `2.5`; `nil` where one has more than two decimals or is none.
  public init?(route: ObjectRef, rule: String? = nil, typed: [(backend: String, weight: String)]) {
    var entries: [Entry] = []
    for (backend, text) in typed {
      guard let hundredths = WeightText.hundredths(text) else { return nil }
      entries.append(Entry(backend: backend, weight: hundredths))
    }
    let isWhole = entries.allSatisfy { $0.weight % WeightText.typedScale == 0 }
    if isWhole { for index in entries.indices { entries[index].weight /= WeightText.typedScale } }
    self.init(route: route, rule: rule, weights: entries, scale: isWhole ? 1 : WeightText.typedScale)
  }

  /// The weight of an entry in the unit in which a dialect counts; `nil` where it has no such fractions.
  public func weight(of entry: Entry, in dialect: Dialect) -> Int? {
    let (scaled, overflows) = entry.weight.multipliedReportingOverflow(by: dialect.weightScale)
    guard !overflows, scaled % scale == 0 else { return nil }
    return scaled / scale
  }

  /// The weight of an entry as it is written.
  public func text(of entry: Entry) -> String { WeightText.text(entry.weight, scale: scale) }
}

/// New settings of one rule; a field that is `nil` is left as it is.
public struct RuleIntent: Sendable, Hashable {
  /// A change to one setting.
  public enum Change<Value: Sendable & Hashable>: Sendable, Hashable {
    case set(Value)
    case remove
  }

  /// The route.
  public var route: ObjectRef
  /// The rule by name or by its number from 0; `nil` where the route has one rule.
  public var rule: String?
  /// The timeout in seconds.
  public var timeout: Change<Double>?
  /// Retries.
  public var retries: Change<RetrySetting>?
  /// Faults.
  public var fault: Change<FaultSetting>?
  /// Mirroring.
  public var mirror: Change<MirrorSetting>?
  /// Header changes.
  public var headers: Change<HeaderSetting>?

  /// Creates an intent.
  public init(
    route: ObjectRef, rule: String? = nil, timeout: Change<Double>? = nil, retries: Change<RetrySetting>? = nil,
    fault: Change<FaultSetting>? = nil, mirror: Change<MirrorSetting>? = nil, headers: Change<HeaderSetting>? = nil
  ) {
    self.route = route
    self.rule = rule
    self.timeout = timeout
    self.retries = retries
    self.fault = fault
    self.mirror = mirror
    self.headers = headers
  }
}

/// A new mTLS mode for a scope.
public struct MTLSIntent: Sendable, Hashable {
  /// The plane.
  public var plane: PlaneName
  /// The scope.
  public var scope: MTLSScope
  /// The namespace; empty at mesh scope.
  public var namespace: String
  /// The workload's name; empty above workload scope.
  public var workload: String
  /// The container port, at port scope.
  public var port: Int?
  /// The mode wanted; `.unset` takes the setting away, so that it inherits.
  public var mode: MTLSMode

  /// Creates an intent.
  public init(
    plane: PlaneName, scope: MTLSScope, namespace: String = "", workload: String = "", port: Int? = nil, mode: MTLSMode
  ) {
    self.plane = plane
    self.scope = scope
    self.namespace = namespace
    self.workload = workload
    self.port = port
    self.mode = mode
  }
}

/// A native object as it shall be.
public struct ObjectIntent: Sendable, Hashable {
  /// Its identity.
  public var ref: ObjectRef
  /// The whole object wanted.
  public var json: JSONValue
  /// The version it was read at, where the edit began from a read; `nil` for a file.
  public var baseVersion: String?
  /// Whether the object's status is what is changed, and nothing else of it.
  public var isStatus: Bool

  /// Creates an intent.
  public init(ref: ObjectRef, json: JSONValue, baseVersion: String? = nil, isStatus: Bool = false) {
    self.isStatus = isStatus
    self.ref = ref
    self.json = json
    self.baseVersion = baseVersion
  }
}
