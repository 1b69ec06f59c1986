/// The identity of a kind of object: its API group and plural name, whatever the version.
public struct ResourceID: Sendable, Hashable, CustomStringConvertible {
  /// The API group; empty for the core group.
  public var group: String
  /// The plural name, as in paths.
  public var plural: String

  /// Creates an identity.
  public init(_ plural: String, group: String = "") {
    self.group = group
    self.plural = plural
  }

  /// The qualified name as errors print it, `virtualservices.networking.istio.io`.
  public var description: String { group.isEmpty ? plural : "\(plural).\(group)" }
}

/// A kind of object the server serves: everything discovery, tables and validation say of it.
public struct ResourceType: Sendable {
  /// A column of `kubectl get`, by the path it shows.
  public struct Column: Sendable, Hashable {
    /// The title.
    public var name: String
    /// The path below the object, in the JSONPath subset of custom resource definitions (`.spec.host`).
    public var path: String
    /// The OpenAPI type: `string`, `integer` or `date`.
    public var type: String
    /// 0 for columns always shown, 1 for those of `-o wide`.
    public var priority: Int

    /// Creates a column.
    public init(_ name: String, _ path: String, type: String = "string", priority: Int = 0) {
      self.name = name
      self.path = path
      self.type = type
      self.priority = priority
    }
  }

  /// The identity.
  public var id: ResourceID
  /// The kind, as in `kind:`.
  public var kind: String
  /// The singular name.
  public var singular: String
  /// The served versions, the preferred one first.
  public var versions: [String]
  /// The abbreviations kubectl accepts.
  public var shortNames: [String]
  /// The groups of kinds it belongs to, such as `all`.
  public var categories: [String]
  /// Whether objects live in a namespace.
  public var isNamespaced: Bool
  /// Whether the kind is defined by a custom resource definition; that decides patch kinds and answer forms.
  public var isCustom: Bool
  /// Whether `metadata.generation` counts changes of the desired state.
  public var countsGenerations: Bool
  /// The subresources beside the object, such as `status`.
  public var subresources: [String]
  /// The columns of a custom kind's table, without the name.
  public var columns: [Column]
  /// What is known of its fields.
  public var schema: Schema
  /// Whether another server answers for it, to which requests are passed on.
  public var isAggregated = false

  /// Creates a kind.
  public init(
    _ kind: String, _ plural: String, group: String = "", versions: [String] = ["v1"], singular: String? = nil,
    shortNames: [String] = [], categories: [String] = [], isNamespaced: Bool = true, isCustom: Bool = false,
    countsGenerations: Bool = false, subresources: [String] = ["status"], columns: [Column] = [],
    schema: Schema = .anything
  ) {
    self.id = ResourceID(plural, group: group)
    self.kind = kind
    self.singular = singular ?? kind.lowercased()
    self.versions = versions
    self.shortNames = shortNames
    self.categories = categories
    self.isNamespaced = isNamespaced
    self.isCustom = isCustom
    self.countsGenerations = countsGenerations || isCustom
    self.subresources = subresources
    self.columns = columns
    self.schema = schema
  }

  /// The verbs discovery lists, in the order the real server has for built-in and for custom kinds.
  public var verbs: [String] {
    if isAggregated { return ["get", "list"] }
    return isCustom
      ? ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
      : ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
  }

  /// The `apiVersion` of one of its versions.
  public func apiVersion(_ version: String) -> String { id.group.isEmpty ? version : "\(id.group)/\(version)" }

  /// The `apiVersion` of the preferred version.
  public var preferredAPIVersion: String { apiVersion(versions.first ?? "v1") }
}
