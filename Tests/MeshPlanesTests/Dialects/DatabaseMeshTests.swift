import MeshModel
import Testing

@testable import MeshPlanes

/// ShardingSphere's nodes as databases of the topology.
@Suite struct DatabaseMeshTests {
  static let computeNode = """
    {"apiVersion":"shardingsphere.apache.org/v1alpha1","kind":"ComputeNode","metadata":{"name":"proxy","namespace":"db",
     "generation":2},"spec":{"replicas":2,"serverVersion":"5.5.3","storageNodeConnector":{"type":"MySQL","version":"8.0.33"},
     "selector":{"matchLabels":{"app":"proxy"}},"portBindings":[{"name":"server","containerPort":3307,"servicePort":3306}],
     "bootstrap":{"serverConfig":{"props":{"proxy-frontend-ssl-enabled":true}}}},
     "status":{"phase":"Ready","ready":"2/2","replicas":2}}
    """
  static let storageNode = """
    {"apiVersion":"shardingsphere.apache.org/v1alpha1","kind":"StorageNode","metadata":{"name":"orders","namespace":"db"},
     "spec":{"storageProviderName":"rds","replicas":2,"schema":"orders"},"status":{"phase":"Ready","registered":true,
     "cluster":{"status":"available","primaryEndpoint":{"address":"orders.rds.example","port":3306}},
     "instances":[{"status":"available","primaryEndpoint":{"address":"orders-0.rds.example","port":3306}},
     {"status":"rebooting","primaryEndpoint":{"address":"orders-1.rds.example","port":3306}}]}}
    """

  static func snapshot(_ texts: String...) throws -> MeshSnapshot {
    var snapshot = MeshSnapshot()
    for text in texts {
      for entity in try ShardingSphereDialect().entities(from: JSONValue(parsing: text), plane: "lab") {
        snapshot.apply(.upsert(entity))
      }
    }
    return snapshot
  }

  @Test func aComputeNodeIsADatabaseWithItsPortsAndItsTLS() throws {
    let snapshot = try Self.snapshot(Self.computeNode)
    let ref = SmallMesh.ref("computenode", "db", "proxy")
    let service = try #require(snapshot.services[ref])
    #expect(service.role == .database)
    #expect(service.ports == [ServicePort(name: "server", port: 3306, targetPort: 3307, appProtocol: "mysql")])
    #expect(service.selector == ["app": "proxy"])
    #expect(snapshot.workloads.isEmpty, "the operator makes a Deployment of it")
    #expect(snapshot.destinations[ref]?.settings.tls == .simple)
    let silent = try Self.snapshot(Self.computeNode.replacing(#""proxy-frontend-ssl-enabled":true"#, with: ""))
    #expect(silent.destinations.isEmpty)
  }

  @Test func aStorageNodeIsADatabaseOutsideWithAnInstanceAnEndpoint() throws {
    let snapshot = try Self.snapshot(Self.storageNode)
    let ref = SmallMesh.ref("storagenode", "db", "orders")
    #expect(snapshot.services[ref]?.isExternal == true)
    #expect(snapshot.services[ref]?.hosts.first == "orders.rds.example")
    #expect(snapshot.readiness[ref]?.total == 2)
    #expect(snapshot.readiness[ref]?.ready == 1)
    let found = ShardingSphereDialect().findings(in: snapshot, plane: "lab")
    #expect(found.map(\.code) == ["MD2501"])
    #expect(found.first?.message.contains("orders-1.rds.example") == true)
  }

  @Test func whatItDividesByIsNotEditedAndWhyIsSaid() async {
    let intent = Intent.weights(
      WeightsIntent(
        route: SmallMesh.ref("computenode", "db", "proxy"), weights: [.init(backend: "replica-0", weight: 1)]))
    #expect(ShardingSphereDialect().handles(intent))
    do {
      _ = try await ShardingSphereDialect().steps(for: intent, in: MeshSnapshot(), using: StoredObjects())
      Issue.record("it was to be edited")
    } catch {
      #expect(error.code == .refused)
      #expect(error.message.hasPrefix("read-only:"))
    }
  }
}
