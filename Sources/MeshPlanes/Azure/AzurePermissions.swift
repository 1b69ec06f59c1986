import MeshModel

/// What one may do at a place in Azure, as the permissions API tells it.
///
/// Source: Azure RBAC, "Understand Azure role definitions": an action is allowed where one permission's `actions` name it
/// and its own `notActions` do not; `*` stands for anything.
struct AzurePermissions: Sendable, Hashable {
  private struct Permission: Sendable, Hashable {
    var actions: [String]
    var notActions: [String]
  }

  private let permissions: [Permission]

  /// Permissions as a list of the API holds them.
  init(_ entries: [JSONValue]) {
    permissions = entries.map { entry in
      func texts(_ name: String) -> [String] { (entry[name]?.array ?? []).compactMap(\.string) }
      return Permission(actions: texts("actions"), notActions: texts("notActions"))
    }
  }

  /// The path of the list for a scope, such as a resource group.
  static func path(scope: String) -> String {
    scope + "/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
  }

  /// Whether an action, such as `Microsoft.ServiceFabricMesh/gateways/write`, is allowed.
  func allow(_ action: String) -> Bool {
    permissions.contains { permission in
      permission.actions.contains { Self.matches($0, action) }
        && !permission.notActions.contains { Self.matches($0, action) }
    }
  }

  /// Whether a pattern with `*` names an action, without regard to case.
  private static func matches(_ pattern: String, _ action: String) -> Bool {
    let parts = pattern.lowercased().split(separator: "*", omittingEmptySubsequences: false)
    var rest = Substring(action.lowercased())
    guard let first = parts.first, let last = parts.last, rest.hasPrefix(first) else { return false }
    if parts.count == 1 { return rest == first }
    rest = rest.dropFirst(first.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let found = rest.firstRange(of: part) else { return false }
      rest = rest[found.upperBound...]
    }
    return rest.hasSuffix(last)
  }
}
