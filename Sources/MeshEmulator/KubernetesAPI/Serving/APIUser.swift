/// Somebody the API knows, and what they may do.
public struct APIUser: Sendable, Hashable {
  /// A permission, as a role's rule has it; `*` stands for everything.
  public struct Rule: Sendable, Hashable {
    /// The verbs: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    public var verbs: [String]
    /// The API groups; the core group is empty.
    public var groups: [String]
    /// The plural names, with `/` and the subresource where it is about one.
    public var resources: [String]
    /// The namespaces it is limited to; everywhere, and cluster-wide objects too, where empty.
    public var namespaces: [String]

    /// Creates a permission.
    public init(
      verbs: [String] = ["*"], groups: [String] = ["*"], resources: [String] = ["*"], namespaces: [String] = []
    ) {
      self.verbs = verbs
      self.groups = groups
      self.resources = resources
      self.namespaces = namespaces
    }
  }

  /// The name.
  public var name: String
  /// The bearer token, or `nil` where nobody can log in so.
  public var token: String?
  /// The groups.
  public var groups: [String]
  /// The permissions.
  public var rules: [Rule]

  /// Creates a user.
  public init(name: String, token: String? = nil, groups: [String] = ["system:authenticated"], rules: [Rule]) {
    self.name = name
    self.token = token
    self.groups = groups
    self.rules = rules
  }

  /// Somebody who may do everything.
  public static let admin = APIUser(
    name: "admin", token: "admin", groups: ["system:masters", "system:authenticated"], rules: [Rule()])
  /// Somebody who may read everything and change nothing.
  public static let viewer = APIUser(
    name: "viewer", token: "viewer", rules: [Rule(verbs: ["get", "list", "watch"])])
  /// Somebody who is known and may do nothing.
  public static let stranger = APIUser(name: "stranger", token: "stranger", rules: [])
  /// Nobody in particular: what a request without credentials is.
  static let anonymous = APIUser(name: "system:anonymous", groups: ["system:unauthenticated"], rules: [])

  /// Whether a rule allows something.
  func allows(_ verb: String, group: String, resource: String, namespace: String?) -> Bool {
    func covers(_ list: [String], _ value: String) -> Bool { list.contains("*") || list.contains(value) }
    return rules.contains { rule in
      covers(rule.verbs, verb) && covers(rule.groups, group) && covers(rule.resources, resource)
        && (rule.namespaces.isEmpty || namespace.map { rule.namespaces.contains($0) } == true)
    }
  }
}
