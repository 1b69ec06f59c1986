import MeshKit
import TerminalUI

extension Command {
  /// What a line could become, the best first.
  static func completions(of line: String, in view: MeshView?) -> [String] {
    let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard let last = words.last, !line.isEmpty else { return [] }
    let head = words.dropLast().joined(separator: " ")
    let options: [String] =
      switch (words.first ?? "", words.count) {
      case (_, 1):
        [
          "canary set ", "route set ", "get ", "describe ", "mtls set ", "mtls check ", "owner suspend ",
          "owner resume ", "owner promote ", "owner abort ", "owner sync ", "undo ", "confirm ", "reconnect ",
          "read-only", "theme ", "find ", "help", "quit",
        ]
          + ScreenID.allCases.map(\.rawValue)
      case ("canary", 2), ("route", 2): ["set "]
      case ("get", 2): ListKind.allCases.filter { $0.screen != nil }.map { "\($0.rawValue) " }
      case ("describe", 2): things(last, view)
      case ("route", 3): names((view?.snapshot ?? MeshSnapshot()).routes.keys.sorted())
      case ("route", _):
        words[words.count - 2].hasPrefix("--")
          ? [] : ([CommandOption.rule.typed] + RuleSettings.Option.allCases.map(\.typed)).map { "\($0) " }
      case ("mtls", 2): ["set ", "check "]
      case ("owner", 2): ["suspend ", "resume "] + OwnerMove.allCases.map { "\($0.rawValue) " }
      case ("owner", 3):
        (OwnerMove(rawValue: words[1])?.words ?? OwnerHold.all.map(\.word)).map { "\($0)/" }
      case ("canary", 3): names((view?.splits() ?? []).map(\.route))
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
  /// Routes in full and by name alone.
  private static func names(_ refs: [ObjectRef]) -> [String] {
    refs.map { "\($0.namespace)/\($0.name) " } + refs.map { "\($0.name) " }
  }

  /// The kinds that can be described, and once one is typed the things of it.
  private static func things(_ typed: String, _ view: MeshView?) -> [String] {
    let snapshot = view?.snapshot ?? MeshSnapshot()
    let refs: [ObjectRef]
    switch typed.split(separator: "/", omittingEmptySubsequences: false).first.flatMap({
      DescribeKind(rawValue: String($0))
    }) {
    case .route?: refs = snapshot.routes.keys.sorted()
    case .service?: refs = snapshot.services.keys.sorted()
    case .workload?: refs = snapshot.workloads.keys.sorted()
    case .proxy?: refs = snapshot.endpoints.keys.sorted()
    case nil: return DescribeKind.allCases.map { "\($0.rawValue)/" }
    }
    let kind = typed.prefix { $0 != "/" }
    return refs.map { "\(kind)/\($0.namespace.isEmpty ? "" : "\($0.namespace)/")\($0.name) " }
  }
}
