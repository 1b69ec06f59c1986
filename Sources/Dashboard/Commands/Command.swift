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
  /// A screen's list, its other one where it has two, narrowed by a filter.
  case list(ScreenID, isAlternate: Bool, filter: String)
  case describe(ObjectRef)
  case theme(String)
  case filter(String)
  case help
  case quit

  /// Reads a line; names are looked up in what is known of the mesh.
  init(_ line: String, in view: MeshView?) throws(MeshError) {
    var words = line.split(whereSeparator: \.isWhitespace).map(String.init)
    // A line as the dashboard tells it for the shell is understood too.
    if words.first == "meshdeck" { words.removeFirst() }
    guard let verb = words.first else { throw MeshError(.usage, "nothing was typed") }
    let rest = Array(words.dropFirst())
    switch (verb, rest.first) {
    case ("get", _): self = try Self.list(try PlacedWords(rest))
    case ("describe", _):
      let placed = try PlacedWords(rest)
      guard let view, placed.words.count == 1 else {
        throw MeshError(.usage, "describe KIND/NAME", remedy: "for example describe route/reviews")
      }
      self = .describe(try view.described(placed.words[0], namespace: placed.namespace, plane: placed.plane))
    case ("route", "set"?): self = .intent(.rule(try Self.rule(rest.dropFirst(), view)))
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
            "canary set, route set, get, describe, mtls set, mtls check, owner suspend, owner resume, owner promote, "
            + "owner abort, owner sync, undo, confirm, reconnect, read-only, theme, find, help, q, or a screen"
        )
      }
      self = .screen(screen)
    }
  }

  private static func weights(_ words: ArraySlice<String>, _ view: MeshView?) throws(MeshError) -> WeightsIntent {
    let placed = try PlacedWords(words)
    let words = placed.words
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
    guard
      let intent = WeightsIntent(
        route: try placed.one(name, among: routes, "split"), rule: placed.rule, typed: entries)
    else {
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
      let plane =
        known.isEmpty ? try onlyPlane(view) : try ObjectRef.one(parts[1], among: known, what: "namespace").plane
      return MTLSIntent(plane: plane, scope: .namespace, namespace: parts[1], mode: mode)
    case ("workload", 2):
      let ref = try ObjectRef.one(parts[1], among: workloads, what: "workload")
      return MTLSIntent(plane: ref.plane, scope: .workload, namespace: ref.namespace, workload: ref.name, mode: mode)
    case ("port", 2):
      guard let colon = parts[1].lastIndex(of: ":"), let port = Int(parts[1][parts[1].index(after: colon)...]),
        (1...65535).contains(port)
      else { throw MeshError(.usage, "\(parts[1]) is not WORKLOAD:PORT") }
      let ref = try ObjectRef.one(String(parts[1][..<colon]), among: workloads, what: "workload")
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
}
