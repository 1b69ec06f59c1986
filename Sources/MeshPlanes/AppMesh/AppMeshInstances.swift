import MeshModel
import MeshTransport

/// The instances behind virtual nodes, as AWS Cloud Map discovers them; of nodes found by DNS nobody tells.
///
/// Source: AWS Cloud Map API reference 2017-03-14, `DiscoverInstances`: signed for `servicediscovery`, at the host
/// `data-servicediscovery.<region>`; attributes of a node are those that its instances must have (App Mesh API reference,
/// `AwsCloudMapServiceDiscovery`).
actor AppMeshInstances {
  /// What Cloud Map is asked for one node.
  struct Question: Sendable, Hashable {
    var namespace: String
    var service: String
    var attributes: [String: String]

    /// The question that a virtual node's service discovery means; `nil` where it is found by DNS, or by nothing.
    init?(_ node: JSONValue) {
      let place = node["spec"]?["serviceDiscovery"]?["awsCloudMap"]
      guard let namespace = place?["namespaceName"]?.string, let service = place?["serviceName"]?.string else {
        return nil
      }
      self.namespace = namespace
      self.service = service
      attributes = (place?["attributes"]?.array ?? []).reduce(into: [:]) { pairs, attribute in
        if let key = attribute["key"]?.string { pairs[key] = attribute["value"]?.string ?? "" }
      }
    }
  }

  /// One instance as discovered.
  struct Instance: Sendable, Hashable {
    var id: String
    var attributes: [String: String]
    /// Whether a check failed; an instance that nobody checks counts as healthy.
    var isHealthy: Bool

    init?(_ json: JSONValue) {
      guard let id = json["InstanceId"]?.string, !id.isEmpty else { return nil }
      self.id = id
      attributes = (json["Attributes"]?.object?.members ?? []).reduce(into: [:]) { $0[$1.name] = $1.value.string }
      isHealthy = json["HealthStatus"]?.string != "UNHEALTHY"
    }

    var address: String {
      attributes["AWS_INSTANCE_IPV4"] ?? attributes["AWS_INSTANCE_IPV6"] ?? attributes["AWS_INSTANCE_CNAME"] ?? ""
    }
    var port: Int? { attributes["AWS_INSTANCE_PORT"].flatMap { Int($0) } }
  }

  /// What was found, and why not more.
  struct Findings: Sendable {
    var instances: [Question: [Instance]] = [:]
    var gap: MeshError?
  }

  /// How long an answer counts as known.
  static let lifetime = Duration.seconds(30)

  private let plane: PlaneName
  private let session: Session
  private let clock: any TransportClock
  private var known: [Question: (instances: [Instance], at: Duration)] = [:]
  private var refused: (error: MeshError, at: Duration)?

  init(plane: PlaneName, endpoint: String, signer: AWSSigner, options: Session.Options) throws(MeshError) {
    self.plane = plane
    clock = options.clock
    var options = options
    options.credentials = signer
    do throws(TransportError) { session = try Session(base: endpoint, options: options) } catch {
      throw MeshError(aws: error, "connect to Cloud Map", plane: plane)
    }
  }

  /// The instances of some nodes; where one may not ask, nothing more is asked for a while.
  func find(_ questions: Set<Question>) async -> Findings {
    var findings = Findings()
    if let refused, clock.now() - refused.at < Self.lifetime {
      findings.gap = refused.error
      return findings
    }
    known = known.filter { questions.contains($0.key) }
    for question in questions.sorted(by: { ($0.namespace, $0.service) < ($1.namespace, $1.service) }) {
      if let answer = known[question], clock.now() - answer.at < Self.lifetime {
        findings.instances[question] = answer.instances
        continue
      }
      do throws(MeshError) {
        let instances = try await ask(question)
        known[question] = (instances, clock.now())
        findings.instances[question] = instances
      } catch {
        findings.gap = findings.gap ?? error
        // What is not registered is one node's matter; a refusal is everybody's.
        let isUnregistered = ["ServiceNotFound", "NamespaceNotFound"].contains { error.message.contains($0) }
        guard error.code == .notFound, isUnregistered else {
          if error.code != .cancelled { refused = (error, clock.now()) }
          return findings
        }
      }
    }
    return findings
  }

  private func ask(_ question: Question) async throws(MeshError) -> [Instance] {
    let what = "discover the instances of \(question.service) in \(question.namespace)"
    var body: JSONValue = [
      "NamespaceName": .string(question.namespace), "ServiceName": .string(question.service), "MaxResults": 1000,
      "HealthStatus": "ALL",
    ]
    if !question.attributes.isEmpty {
      body["QueryParameters"] = .object(
        JSONObject(
          question.attributes.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) }))
    }
    let response: HTTPResponse
    do throws(TransportError) {
      response = try await session.send(
        session.request(
          .post, "/",
          headers: [
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "Route53AutoNaming_v20170314.DiscoverInstances",
          ], body: JSONWriter.bytes(body), deadlines: .read, limits: .page, idempotent: true))
    } catch {
      throw MeshError(aws: error, what, plane: plane)
    }
    guard response.isSuccess else { throw AWSFailure(response).error(what, plane: plane) }
    do throws(JSONError) {
      return try (JSONValue(parsing: response.body)["Instances"]?.array ?? []).compactMap(Instance.init)
    } catch {
      throw MeshError(.malformed, "\(what): \(error)", plane: plane, underlying: error)
    }
  }
}

extension AppMeshNodeReader {
  /// The instances of a node as discovered, each behind the Envoy that makes it one of the node's.
  static func endpoints(
    _ instances: [AppMeshInstances.Instance], of node: AppMeshName, plane: PlaneName
  ) -> [Entity] {
    let workload = node.ref(plane: plane, as: "workload")
    return instances.map { instance in
      var ref = node.ref(plane: plane, as: instanceKind)
      ref.name += ":" + instance.id.replacing("%", with: "%25").replacing("/", with: "%2F").replacing(":", with: "%3A")
      let isMachine =
        instance.attributes["EC2_INSTANCE_ID"] != nil && !instance.attributes.keys.contains { $0.hasPrefix("ECS_") }
      return .endpoint(
        Endpoint(
          ref: ref, workload: workload, labels: instance.attributes, address: instance.address,
          ports: instance.port.map { [$0] } ?? [], isReady: instance.isHealthy, proxy: .sidecar, acceptsMeshTLS: true,
          runtime: isMachine ? .vm : .container))
    }
  }

  /// The kind of an instance.
  static let instanceKind: ObjectKind = "instance"
}
