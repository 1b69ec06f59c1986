import MeshModel

/// What the API tells of itself: the agent, tokens, the certificate authority.
extension ConsulServer {
  /// The version it says it has.
  static let version = "1.21.4"
  /// The trust domain of the authority.
  static let trustDomain = "5f0c2d58-6f3a-4c39-9b0e-9a7d4a5e8c11.consul"

  /// The trust domain of whoever it is peered with.
  static let peerTrustDomain = "9c1de0a4-52b7-4f0e-8d61-b1a7c6f2e350.consul"

  /// The agent is that of the machine of the first service that has a sidecar, as an operator asks the agent at hand.
  func agent(_ path: ArraySlice<String>) throws(ConsulFailure) -> PlainAnswer {
    let here = ConsulCatalog(estate).services.filter(\.hasSidecar).min { $0.node < $1.node }
    switch Array(path) {
    case ["self"]:
      let node = JSONValue.string(here?.node ?? "server-1")
      return .json([
        "Config": [
          "Datacenter": .string(Self.datacenter), "PrimaryDatacenter": .string(Self.datacenter), "NodeName": node,
          "NodeID": "0b1f2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", "Revision": "meshdeck", "Server": .bool(here == nil),
          "Version": .string(Self.version),
        ],
        "DebugConfig": ["ACLsEnabled": true, "ConnectEnabled": true],
        "Member": ["Name": node, "Addr": "127.0.0.1", "Status": 1], "Meta": [:],
      ])
    case ["services"]:
      var services: JSONValue = [:]
      for isSidecar in [false, true] {
        guard let here else { break }
        let service = ConsulCatalog.service(here, isSidecar: isSidecar, index: catalogIndex)
        services[service["ID"]?.string ?? ""] = service
      }
      return .json(services)
    case let leaf where leaf.count == 4 && leaf.prefix(3) == ["connect", "ca", "leaf"]:
      do {
        return .json(try certificates.leaf(of: leaf[3], now: ProxyView.whole(estate.clock())))
      } catch {
        throw ConsulFailure(500, "\(error)")
      }
    default: throw .notAnEndpoint
    }
  }

  /// Whoever comes is the anonymous token, which may do everything here.
  func acl(_ path: ArraySlice<String>) throws(ConsulFailure) -> PlainAnswer {
    guard path.elementsEqual(["token", "self"]) else { throw .notAnEndpoint }
    return .json([
      "AccessorID": "00000000-0000-0000-0000-000000000002", "Description": "Anonymous Token",
      "Policies": [["ID": "00000000-0000-0000-0000-000000000001", "Name": "global-management"]], "Local": false,
      "CreateIndex": 5, "ModifyIndex": 5,
    ])
  }

  /// Every right that is asked for.
  func authorize(_ request: PlainRequest) throws(ConsulFailure) -> PlainAnswer {
    guard let questions = try? JSONValue(parsing: request.body).array else {
      throw ConsulFailure(400, "Failed to decode request body: expected a list")
    }
    return .json(
      .array(
        questions.map { question in
          var answer = question
          answer["Allow"] = true
          return answer
        }))
  }

  func authority(_ path: ArraySlice<String>) throws(ConsulFailure) -> PlainAnswer {
    let id = "a1:5c:0f:42:9d:7e:31:66:be:18"
    switch Array(path) {
    case ["ca", "roots"]:
      let root: (pem: String, begins: Int, ends: Int)
      do { root = try certificates.root } catch { throw ConsulFailure(500, "\(error)") }
      return .json([
        "ActiveRootID": .string(id), "TrustDomain": .string(Self.trustDomain),
        "Roots": [
          [
            "ID": .string(id), "Name": "Consul CA Primary Cert", "SerialNumber": 9,
            "NotBefore": .string(Timestamp.text(root.begins)), "NotAfter": .string(Timestamp.text(root.ends)),
            "RootCert": .string(root.pem), "IntermediateCerts": .null, "Active": true, "PrivateKeyType": "ec",
            "PrivateKeyBits": 256, "CreateIndex": 7, "ModifyIndex": 7,
          ]
        ],
      ])
    case ["ca", "configuration"]:
      return .json([
        "Provider": "consul",
        "Config": ["LeafCertTTL": "72h0m0s", "RootCertTTL": "87600h0m0s", "IntermediateCertTTL": "8760h0m0s"],
        "ForceWithoutCrossSigning": false, "CreateIndex": 7, "ModifyIndex": 7,
      ])
    default: throw .notAnEndpoint
    }
  }
}
