import MeshModel
import Testing

@testable import MeshPlanes

/// What client status discovery says of clients.
@Suite("Client status") struct ClientStatusTests {
  static let states: [(String?, String?, String?)] = [
    ("ACKED", nil, "SYNCED"), ("ACKED", "STALE", "SYNCED"), ("NACKED", "SYNCED", "NACK"),
    ("REQUESTED", nil, "NOT SENT"),
    ("DOES_NOT_EXIST", nil, "NACK"), ("TIMEOUT", nil, "NACK"), ("RECEIVED_ERROR", nil, "NACK"),
    (nil, "SYNCED", "SYNCED"), (nil, "NOT_SENT", "NOT SENT"), (nil, "STALE", "STALE"), (nil, "ERROR", "NACK"),
    (nil, nil, nil), ("UNKNOWN", "UNKNOWN", nil),
  ]

  private func client(_ items: [JSONValue]) throws -> ClientStatus {
    try #require(
      ClientStatus.all([
        "config": [
          [
            "node": [
              "id": "a", "cluster": "edge",
              "user_agent_build_version": ["version": ["major_number": 1, "minor_number": 40]],
            ], "generic_xds_configs": .array(items),
          ]
        ]
      ]).first)
  }

  @Test("the states of a resource come to one word", arguments: states)
  func readsStates(_ client: String?, _ config: String?, _ label: String?) throws {
    var item: JSONValue = ["type_url": .string(XDSType.clusters.url)]
    item["client_status"] = client.map(JSONValue.string)
    item["config_status"] = config.map(JSONValue.string)
    #expect(try self.client([item]).sync[.cds]?.label == label)
  }

  @Test("the worst resource of a type counts, and a refusal keeps its words")
  func summarises() throws {
    let client = try client([
      ["type_url": .string(XDSType.routes.url), "name": "good", "client_status": "ACKED"],
      [
        "type_url": .string(XDSType.routes.url), "name": "bad", "client_status": "NACKED",
        "error_state": ["details": "no such cluster"],
      ],
      ["type_url": "type.googleapis.com/acme.Other", "client_status": "ACKED"],
    ])
    #expect(client.version == "1.40.0")
    #expect(client.sync == [.rds: .rejected("no such cluster")])
    #expect(client.rejection == "RDS bad: no such cluster")
  }

  @Test("a server of before 2021 tells the state of whole types")
  func readsTheOlderForm() throws {
    let clients = ClientStatus.all([
      "config": [
        [
          "node": ["id": "old"],
          "xds_config": [
            ["status": "SYNCED", "cluster_config": [:]], ["status": "STALE", "route_config": [:]], ["status": "SYNCED"],
          ],
        ]
      ]
    ])
    #expect(clients.first?.sync == [.cds: .synced, .rds: .stale])
  }
}
