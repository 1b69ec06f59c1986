import MeshKit

/// The words of a line without the options that say where: `-n`, `-p`, `-A`, `--rule`, as the command line has them.
struct PlacedWords {
  /// The other words, in order.
  var words: [String] = []
  /// The namespace; `nil` for all.
  var namespace: String?
  /// The plane; `nil` for all.
  var plane: PlaneName?
  /// The rule of a route, by name or number.
  var rule: String?

  init(_ words: some Sequence<String>) throws(MeshError) {
    var rest = Array(words)[...]
    while let word = rest.popFirst() {
      switch word {
      case "-A", CommandOption.allNamespaces.typed: namespace = nil
      case "-n", CommandOption.namespace.typed: namespace = try Self.value(of: word, &rest)
      case "-p", CommandOption.plane.typed: plane = try Self.value(of: word, &rest)
      case CommandOption.rule.typed: rule = try Self.value(of: word, &rest)
      // The form of output is the screen's own.
      case "-o", CommandOption.output.typed: _ = try Self.value(of: word, &rest)
      default: self.words.append(word)
      }
    }
  }

  private static func value(of option: String, _ rest: inout ArraySlice<String>) throws(MeshError) -> String {
    guard let value = rest.popFirst() else { throw MeshError(.usage, "\(option) needs a value") }
    return value
  }

  /// The thing among candidates that a word names there.
  func one(_ typed: String, among refs: some Sequence<ObjectRef>, _ what: String) throws(MeshError) -> ObjectRef {
    try ObjectRef.one(
      typed, among: refs.filter { plane == nil || $0.plane == plane }, namespace: namespace, what: what)
  }

  /// The filter that shows what is there and has the words after the first.
  var filter: String {
    let places = [namespace.map { "ns = \($0)" }, plane.map { "plane = \($0)" }].compactMap(\.self)
    let others = words.dropFirst().joined(separator: " ")
    guard !places.isEmpty, !others.isEmpty else {
      return (places + [others]).filter { !$0.isEmpty }.joined(separator: " and ")
    }
    return "\(places.joined(separator: " and ")) and (\(others))"
  }
}

extension Command {
  /// The list of a kind, narrowed by what follows it.
  static func list(_ placed: PlacedWords) throws(MeshError) -> Command {
    let screens = ListKind.allCases.filter { $0.screen != nil }.map(\.rawValue).joined(separator: ", ")
    guard let word = placed.words.first else { throw MeshError(.usage, "get KIND", remedy: screens) }
    guard let kind = ListKind(typed: word) else {
      throw MeshError(.usage, "there is no kind \(word)", remedy: screens)
    }
    guard let screen = kind.screen else {
      throw MeshError(
        .usage, "\(kind.rawValue) have no screen", remedy: "in a shell: meshdeck get \(kind.rawValue) -A")
    }
    return .list(screen.id, isAlternate: screen.isAlternate, filter: placed.filter)
  }

  /// The change of a rule's settings, as `route set` has them.
  static func rule(_ words: some Sequence<String>, _ view: MeshView?) throws(MeshError) -> RuleIntent {
    let placed = try PlacedWords(words)
    guard let name = placed.words.first, placed.words.count > 1 else {
      throw MeshError(
        .usage, "route set NAME --SETTING VALUE…", remedy: "for example route set reviews --request-timeout 3s")
    }
    let routes = (view?.snapshot ?? MeshSnapshot()).routes
    guard let route = routes[try placed.one(name, among: routes.keys, "route")] else {
      throw MeshError(.notFound, "there is no route \(name)")
    }
    return try RuleSettings(words: placed.words.dropFirst()).intent(for: route, rule: placed.rule)
  }
}

extension ListKind {
  /// The screen that lists the kind, and whether it is the screen's other table; `nil` where none does.
  var screen: (id: ScreenID, isAlternate: Bool)? {
    switch self {
    case .services: (.services, false)
    case .workloads: (.services, true)
    case .edges: (.topology, false)
    case .routes: (.routes, false)
    case .splits: (.canaries, false)
    case .mtls: (.mtls, true)
    case .proxies: (.proxies, false)
    case .gateways, .identities, .objects: nil
    }
  }
}
