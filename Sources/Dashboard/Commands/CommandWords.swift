/// The commands of the command line, by the words that name them.
///
/// Declared once: the program parses these, and the dashboard tells them as the way to ask the same without it.
public enum CommandWord: String, Sendable, Hashable, CaseIterable {
  case get, describe, graph, route, canary, mtls, analyze, history, planes
  case show, matrix, list, check, set
}

/// The options that more than one command takes, by their long names.
public enum CommandOption: String, Sendable, Hashable, CaseIterable {
  case plane, namespace
  case allNamespaces = "all-namespaces"
  case output, rule

  /// The option as it is typed.
  public var typed: String { "--\(rawValue)" }
}

/// The kinds of things that can be listed.
public enum ListKind: String, Sendable, Hashable, CaseIterable {
  case services, workloads, edges, routes, splits, mtls, proxies, gateways, identities, objects

  /// A kind in its plural or singular.
  public init?(typed: String) {
    let plural = typed.lowercased()
    guard
      let kind = ListKind(rawValue: plural) ?? ListKind(rawValue: plural + "s") ?? (plural == "proxy" ? .proxies : nil)
        ?? (plural == "identity" ? .identities : nil)
    else { return nil }
    self = kind
  }
}

/// The kinds that `describe KIND/NAME` knows by a word of their own.
public enum DescribeKind: String, Sendable, Hashable, CaseIterable {
  case route, service, workload, proxy
}
