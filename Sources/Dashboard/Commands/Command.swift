import MeshKit
import TerminalUI

/// A line typed after `:`, in the words of the command line.
enum Command: Sendable, Hashable {
  case intent(Intent)
  case check(Intent)
  /// An owner's own object as typed, and whether it shall be held.
  case hold(String, Bool)
  /// A Rollout as typed, and how it shall move.
  case move(String, OwnerMove)
  case undo(String?)
  case confirm(String?)
  /// The plane as typed; the chosen one where none is.
  case reconnect(PlaneName?)
  case readOnly
  case screen(ScreenID)
  case theme(String)
  case filter(String)
  case help
  case quit

  /// Reads a line; names are looked up in what is known of the mesh.
  init(_ line: String, in view: MeshView?) throws(MeshError) {
    let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
    guard let verb = words.first else { throw MeshError(.usage, "nothing was typed") }
    let rest = Array(words.dropFirst())
    switch (verb, rest.first) {
    case ("canary", "set"?): self = .intent(.weights(try Self.weights(rest.dropFirst(), view)))
    case ("mtls", "set"?), ("mtls", "check"?):
      let intent = Intent.mtls(try Self.mtls(rest.dropFirst(), view))
      self = rest.first == "set" ? .intent(intent) : .check(intent)
    case ("owner", "suspend"?), ("owner", "resume"?):
      guard rest.count == 2 else {
        throw MeshError(.usage, "owner suspend KIND/NAME", remedy: "for example owner suspend canary/shop/reviews")
      }
      self = .hold(rest[1], rest.first == "suspend")
    case ("owner", let verb?) where OwnerMove(rawValue: verb) != nil:
      guard rest.count == 2, let move = OwnerMove(rawValue: verb) else {
        let word = OwnerMove(rawValue: verb)?.words.first ?? ""
        throw MeshError(.usage, "owner \(verb) \(word)/NAME", remedy: "for example owner \(verb) \(word)/shop/reviews")
      }
      self = .move(rest[1], move)
    case ("undo", _): self = .undo(rest.first)
    case ("confirm", _): self = .confirm(rest.first)
    case ("reconnect", let name):
      let known = (view?.planes ?? []).map(\.plane.name)
      if let name, !known.contains(name) {
        throw MeshError(
          .notFound, "there is no plane \(name)", remedy: "known are: \(known.joined(separator: ", "))")
      }
      self = .reconnect(name)
    case ("read-only", nil): self = .readOnly
    case ("theme", let name?): self = .theme(name)
    case ("theme", nil): throw MeshError(.usage, "which theme?", remedy: ThemeFile.builtInNames.joined(separator: ", "))
    case ("find", _): self = .filter(rest.joined(separator: " "))
    case ("help", _): self = .help
    case ("q", _), ("quit", _), ("exit", _): self = .quit
    default:
      guard rest.isEmpty, let screen = ScreenID(typed: verb) else {
        throw MeshError(
          .usage, "\(verb) is no command",
          remedy:
            "canary set, mtls set, mtls check, owner suspend, owner resume, owner promote, owner abort, owner sync, undo, "
            + "confirm, reconnect, read-only, theme, find, help, q, or a screen"
        )
      }
      self = .screen(screen)
    }
  }

  private static func weights(_ words: ArraySlice<String>, _ view: MeshView?) throws(MeshError) -> WeightsIntent {
    var words = Array(words)
    var rule: String?
    if let option = words.firstIndex(of: "--rule"), option + 1 < words.count {
      rule = words[option + 1]
      words.removeSubrange(option...(option + 1))
    }
    guard let name = words.first, words.count > 1 else {
      throw MeshError(.usage, "canary set NAME BACKEND=WEIGHT…", remedy: "for example canary set reviews v1=70 v2=30")
    }
    let routes = (view?.snapshot ?? MeshSnapshot()).routes.values.filter { $0.rules.contains { $0.backends.count > 1 } }
      .map(\.ref)
    var entries: [(backend: String, weight: String)] = []
    for word in words.dropFirst() {
      guard let equals = word.lastIndex(of: "="), equals > word.startIndex,
        case let number = word[word.index(after: equals)...], let weight = WeightText.hundredths(number), weight >= 0
      else { throw MeshError(.usage, "\(word) is not BACKEND=WEIGHT", remedy: "write for example v2=30") }
      entries.append((String(word[..<equals]), String(number)))
    }
    guard let intent = WeightsIntent(route: try one(name, among: routes, "split"), rule: rule, typed: entries) else {
      throw MeshError(.usage, "a weight is no number of at most two decimals", remedy: "write for example v2=2.5")
    }
    return intent
  }

  /// An mTLS intent of a scope and a mode as typed: `mesh`, `namespace/NAME`, `workload/NAME`, `port/WORKLOAD:PORT`.
  static func mtls(_ words: ArraySlice<String>, _ view: MeshView?) throws(MeshError) -> MTLSIntent {
    let words = Array(words)
    guard words.count == 2 else {
      throw MeshError(.usage, "mtls set SCOPE MODE", remedy: "for example mtls set namespace/shop STRICT")
    }
    guard let mode = MTLSMode(rawValue: words[1].uppercased()) else {
      throw MeshError(.usage, "there is no mode \(words[1])", remedy: "UNSET, DISABLE, PERMISSIVE or STRICT")
    }
    let parts = words[0].split(separator: "/", maxSplits: 1).map(String.init)
    let workloads = Array((view?.snapshot ?? MeshSnapshot()).workloads.keys)
    switch (parts.first, parts.count) {
    case ("mesh", 1): return MTLSIntent(plane: try onlyPlane(view), scope: .mesh, mode: mode)
    case ("namespace", 2):
      let known = Array((view?.snapshot ?? MeshSnapshot()).namespaces.keys)
      let plane = known.isEmpty ? try onlyPlane(view) : try one(parts[1], among: known, "namespace").plane
      return MTLSIntent(plane: plane, scope: .namespace, namespace: parts[1], mode: mode)
    case ("workload", 2):
      let ref = try one(parts[1], among: workloads, "workload")
      return MTLSIntent(plane: ref.plane, scope: .workload, namespace: ref.namespace, workload: ref.name, mode: mode)
    case ("port", 2):
      guard let colon = parts[1].lastIndex(of: ":"), let port = Int(parts[1][parts[1].index(after: colon)...]),
        (1...65535).contains(port)
      else { throw MeshError(.usage, "\(parts[1]) is not WORKLOAD:PORT") }
      let ref = try one(String(parts[1][..<colon]), among: workloads, "workload")
      return MTLSIntent(
        plane: ref.plane, scope: .port, namespace: ref.namespace, workload: ref.name, port: port, mode: mode)
    default:
      throw MeshError(
        .usage, "\(words[0]) is no scope", remedy: "mesh, namespace/NAME, workload/NAME or port/WORKLOAD:PORT")
    }
  }

  private static func onlyPlane(_ view: MeshView?) throws(MeshError) -> PlaneName {
    let planes = (view?.planes ?? []).map(\.plane.name)
    guard planes.count == 1, let only = planes.first else {
      throw MeshError(
        .usage, planes.isEmpty ? "no plane is known yet" : "there are several planes",
        remedy: "choose a namespace or a workload")
    }
    return only
  }

  private static func one(_ typed: String, among refs: [ObjectRef], _ what: String) throws(MeshError) -> ObjectRef {
    let found = refs.filter { $0.matches(typed) }
    if found.count == 1, let only = found.first { return only }
    if found.isEmpty { throw MeshError(.notFound, "there is no \(what) \(typed)") }
    let names = found.sorted().prefix(3).map { "\($0.namespace)/\($0.name)" }.joined(separator: ", ")
    throw MeshError(.notFound, "\(typed) names several: \(names)", remedy: "say which, with its namespace")
  }

  /// What a line could become, the best first.
  static func completions(of line: String, in view: MeshView?) -> [String] {
    let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard let last = words.last, !line.isEmpty else { return [] }
    let head = words.dropLast().joined(separator: " ")
    let options: [String] =
      switch (words.first ?? "", words.count) {
      case (_, 1):
        [
          "canary set ", "mtls set ", "mtls check ", "owner suspend ", "owner resume ", "owner promote ",
          "owner abort ", "owner sync ", "undo ", "confirm ", "reconnect ", "read-only", "theme ", "find ", "help",
          "quit",
        ]
          + ScreenID.allCases.map(\.rawValue)
      case ("canary", 2): ["set "]
      case ("mtls", 2): ["set ", "check "]
      case ("owner", 2): ["suspend ", "resume "] + OwnerMove.allCases.map { "\($0.rawValue) " }
      case ("owner", 3):
        (OwnerMove(rawValue: words[1])?.words ?? OwnerHold.all.map(\.word)).map { "\($0)/" }
      case ("canary", 3):
        (view?.splits() ?? []).map { "\($0.route.namespace)/\($0.route.name) " }
          + (view?.splits() ?? []).map { "\($0.route.name) " }
      case ("canary", _):
        (view?.splits() ?? []).filter { $0.route.matches(words[2]) }.flatMap { $0.backends.map { "\($0.name)=" } }
      case ("mtls", 3):
        ["mesh "]
          + Set((view?.snapshot ?? MeshSnapshot()).workloads.keys.map(\.namespace)).sorted().map { "namespace/\($0) " }
          + (last.hasPrefix("workload/")
            ? (view?.snapshot ?? MeshSnapshot()).workloads.keys.sorted().map { "workload/\($0.namespace)/\($0.name) " }
            : ["workload/", "port/"])
      case ("mtls", 4): MTLSMode.allCases.map(\.rawValue)
      case ("reconnect", 2): (view?.planes ?? []).map(\.plane.name)
      case ("theme", 2): ThemeFile.builtInNames
      default: []
      }
    var seen: Set<String> = []
    return options.filter { $0.hasPrefix(last) && seen.insert($0).inserted }.prefix(50).map {
      head.isEmpty ? $0 : "\(head) \($0)"
    }
  }
}
