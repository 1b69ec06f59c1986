public import MeshModel

/// How a control plane of Envoy's discovery protocol is asked, and as whom.
public struct XDSSettings: Sendable, Hashable {
  /// The forms of the protocol. Source: "xDS REST and gRPC protocol".
  public enum Transport: String, Sendable, Hashable, CaseIterable {
    /// One gRPC stream for all types, each answer with all resources of its type.
    case ads
    /// One gRPC stream for all types, each answer with what changed.
    case delta
    /// One JSON request for each type, again and again.
    case rest
  }

  /// What the control plane is asked for.
  public enum Content: String, Sendable, Hashable, CaseIterable {
    /// Listeners, routes, clusters and endpoints.
    case envoy
    /// Istio's own configuration objects, as an istiod gives them to other istiods.
    case istio
  }

  /// The address of the control plane, `http` or `https`.
  public var url: String
  /// The address of client status discovery where it is another; `nil` for the same.
  public var statusURL: String?
  /// The form of the protocol.
  public var transport: Transport
  /// What it is asked for.
  public var content: Content
  /// Who asks: control planes decide by it what they send.
  public var node: Node

  /// The name that whoever asks gives itself.
  public struct Node: Sendable, Hashable {
    /// The identifier.
    public var id: String
    /// The group of proxies it counts itself to.
    public var cluster: String
    /// What else control planes look at; an object.
    public var metadata: JSONValue

    /// A node; without an identifier it is `meshdeck`.
    public init(id: String = "meshdeck", cluster: String = "", metadata: JSONValue = .object(JSONObject())) {
      self.id = id
      self.cluster = cluster
      self.metadata = metadata
    }
  }

  /// Settings; what is left out is asked by a stream, for what Envoy is sent.
  public init(
    url: String, statusURL: String? = nil, transport: Transport = .ads, content: Content = .envoy, node: Node = Node()
  ) {
    self.url = url
    self.statusURL = statusURL
    self.transport = transport
    self.content = content
    self.node = node
  }
}
