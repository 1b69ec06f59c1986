/// One control plane connection.
public struct Plane: Sendable, Hashable {
  /// The configured name.
  public var name: PlaneName
  /// What it speaks.
  public var kind: Kind
  /// What it can supply and accept, with the reason for each "no".
  public var capabilities: Capabilities
  /// The address shown to the operator, without credentials.
  public var address: String

  /// The kinds of control plane.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case kubernetes, consul, envoy, xds, mosn
    case appMesh = "app-mesh"
    case trafficDirector = "traffic-director"
    case serviceFabric = "service-fabric"
  }

  /// What an operator should know of planes of this kind beforehand, such as the end of its service.
  public var notice: String? { kind.notice }

  /// Creates a plane.
  public init(name: PlaneName, kind: Kind, capabilities: Capabilities = Capabilities(), address: String) {
    self.name = name
    self.kind = kind
    self.capabilities = capabilities
    self.address = address
  }
}

extension Plane.Kind {
  /// The kind that a typed name means: with or without its hyphen.
  public init?(typed: String) {
    guard
      let kind = Plane.Kind.allCases.first(where: { $0.rawValue == typed || $0.rawValue.filter { $0 != "-" } == typed })
    else { return nil }
    self = kind
  }

  /// What an operator should know of planes of this kind beforehand, such as the end of its service; `nil` for nothing.
  public var notice: String? {
    switch self {
    case .appMesh:
      // Source: AWS App Mesh user guide, notice of end of support.
      "AWS ended App Mesh on 2026-09-30: its own endpoint no longer gives access; export what an emulator or gateway holds"
    case .serviceFabric:
      // Source: azure-docs, articles/service-fabric-mesh, notice of retirement of the preview.
      "Microsoft ended Service Fabric Mesh at Azure on 2021-04-28: what is left to reach are clusters' own /Resources and "
        + "gateways; its successor is the Istio add-on of AKS"
    default: nil
    }
  }
}

/// The configuration API that routes and policies are written in: those spoken on a Kubernetes plane, and that of each
/// platform that has its own.
public enum Dialect: String, Sendable, Hashable, CaseIterable {
  case istio, linkerd, smi, knative, envoy, consul
  case appMesh = "app-mesh"
  case trafficDirector = "traffic-director"
  case serviceFabric = "service-fabric"
  case gatewayAPI = "gateway-api"
  case shardingSphere = "shardingsphere"
}

/// What a plane can supply and accept.
public struct Capabilities: Sendable, Hashable {
  /// A yes, or a no with its reason.
  public enum Answer: Sendable, Hashable {
    case yes
    case no(String)

    /// Whether it is a yes.
    public var isYes: Bool { self == .yes }
  }

  /// Things a plane may or may not be able to do.
  public enum Ability: String, Sendable, Hashable, CaseIterable {
    case topology, desired, programmed, observed
    case editWeights = "edit-weights"
    case editRules = "edit-rules"
    case editMTLS = "edit-mtls"
    case dryRun = "dry-run"
    case watch, precondition
  }

  /// The answers known; what is not here is not known yet.
  public var answers: [Ability: Answer]
  /// The dialects found by discovery.
  public var dialects: Set<Dialect>

  /// Creates capabilities.
  public init(answers: [Ability: Answer] = [:], dialects: Set<Dialect> = []) {
    self.answers = answers
    self.dialects = dialects
  }

  /// The answer to one ability.
  public subscript(ability: Ability) -> Answer { answers[ability] ?? .no("not probed yet") }
}
