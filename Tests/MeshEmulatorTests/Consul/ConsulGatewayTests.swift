import MeshModel
import Testing

@testable import MeshEmulator

/// The API gateway of the embedded Consul, and what runs from its first second on.
@Suite struct ConsulGatewayTests {
  static func route(_ parent: String, _ portal: Int, _ next: Int) -> JSONValue {
    [
      "Kind": "http-route", "Name": "portal", "Hostnames": ["portal.example.com"],
      "Parents": [["Name": .string(parent), "SectionName": "web"]],
      "Rules": [
        ["Services": [["Name": "portal", "Weight": .int(portal)], ["Name": "portal-next", "Weight": .int(next)]]]
      ],
      "Status": ["Conditions": [["Type": "Bound", "Status": "True", "Reason": "made up"]]],
    ]
  }

  static func rate(_ consul: SimulatedConsul, _ service: String) -> Double {
    let labels = [#"reporter="destination""#, #"destination_canonical_service="\#(service)""#]
    return consul.server.estate.state.flows.filter { flow in labels.allSatisfy { flow.labels.contains($0) } }
      .reduce(0) { $0 + $1.rate }
  }

  @Test func whatIsCountedFirstFollowsTheConfigurationAlready() throws {
    let consul = try SimulatedConsul()
    consul.server.estate.beginAnew()
    consul.run(20)
    func count(_ workload: String) -> Double {
      let labels = [#"reporter="destination""#, #"destination_workload="\#(workload)""#]
      return consul.server.estate.state.counters.filter { counter in labels.allSatisfy { counter.labels.contains($0) } }
        .reduce(0) { $0 + Double($1.count) }
    }
    let (stable, canary) = (count("stock-v1"), count("stock-v2"))
    #expect(stable > 500)
    // 2.5% of 45 a second, and none of the audit's 4.
    #expect((0.005...0.05).contains(canary / (stable + canary)), "\(canary) of \(stable + canary)")
  }

  @Test func aRouteIsStoredAsConsulStoresItReportedAndFollowed() async throws {
    let consul = try SimulatedConsul()
    consul.run(30)
    #expect(abs(Self.rate(consul, "portal-next") - 18 * 0.05) < 0.01)
    #expect(await consul.put(Self.route("edge", 0, 1)).text == "true")
    let entry = try await consul.json("/v1/config/http-route/portal")
    #expect(entry["Rules"]?[0]?["Services"]?[0]?["Weight"] == 1)
    #expect(entry["Parents"]?[0]?["Kind"] == "api-gateway")
    let bound = entry["Status"]?["Conditions"]?[1]
    #expect(bound?["Type"] == "Bound" && bound?["Status"] == "True" && bound?["Reason"] == "Bound")
    consul.run(30)
    #expect(abs(Self.rate(consul, "portal-next") - 9) < 0.1)
    #expect(await consul.put(Self.route("nowhere", 1, 1)).text == "true")
    let lost = try await consul.json("/v1/config/http-route/portal")["Status"]?["Conditions"]?[1]
    #expect(lost?["Status"] == "False" && lost?["Resource"]?["Name"] == "nowhere")
  }

  @Test func whatARouteMayNotBeIsRefusedInConsulsWords() async throws {
    let consul = try SimulatedConsul()
    let two = await consul.put(["Kind": "tcp-route", "Name": "db", "Services": [["Name": "a"], ["Name": "b"]]])
    #expect(two.status == 500 && two.text == "tcp-route currently only supports one service")
    let none = await consul.put(["Kind": "api-gateway", "Name": "other"])
    #expect(none.text == "api gateway must have at least one listener")
    let path = await consul.put([
      "Kind": "http-route", "Name": "bad", "Rules": [["Matches": [["Path": ["Match": "exact", "Value": "x"]]]]],
    ])
    #expect(path.text == #"Rule[0], Match[0], Path, exact type match doesn't start with '/': "x""#)
  }
}
