import TerminalUI

/// The screens in the order of their keys.
public enum ScreenID: String, Sendable, Hashable, CaseIterable {
  case overview, topology, services, routes, canaries, mtls, proxies, findings, journal, planes

  /// The key that opens it.
  var key: Character {
    let number = (ScreenID.allCases.firstIndex(of: self) ?? 0) + 1
    return number == 10 ? "0" : Character(String(number % 10))
  }

  /// The screen a key opens.
  init?(key: Character) {
    guard let screen = ScreenID.allCases.first(where: { $0.key == key }) else { return nil }
    self = screen
  }

  /// The screen of a typed name; any unambiguous beginning will do.
  init?(typed: String) {
    let word = typed.lowercased()
    let found = ScreenID.allCases.filter { $0.rawValue.hasPrefix(word) }
    guard !word.isEmpty, found.count == 1, let screen = found.first else { return nil }
    self = screen
  }

  /// The title on its tab.
  var title: SafeText {
    switch self {
    case .overview: "Overview"
    case .topology: "Topology"
    case .services: "Services"
    case .routes: "Routes"
    case .canaries: "Canaries"
    case .mtls: "mTLS"
    case .proxies: "Proxies"
    case .findings: "Findings"
    case .journal: "Journal"
    case .planes: "Planes"
    }
  }

  /// The title where there is little room.
  var shortTitle: SafeText {
    switch self {
    case .overview: "Over"
    case .topology: "Topo"
    case .services: "Svcs"
    case .routes: "Route"
    case .canaries: "Canary"
    case .mtls: "mTLS"
    case .proxies: "Proxy"
    case .findings: "Find"
    case .journal: "Log"
    case .planes: "Plane"
    }
  }
}
