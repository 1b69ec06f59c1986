import Foundation
import MeshModel
import Testing

extension CommandTests {
  /// The commands on a mesh of Istio 1.1's policies, Mixer's metrics and MOSN sidecars.
  @Suite(.serialized, .timeLimit(.minutes(4))) struct SOFACommandTests {
    @Test func desiredProgrammedAndObservedStandInOneRow() async throws {
      let tool = try await DemoServer.sofa.tool(measured: true)
      var backends: [JSONValue] = []
      // The lesser of the two is called four times a second: there may be no call of it between two looks at the counters.
      await Laboratory.wait(60) {
        guard let run = try? await tool("get", "splits", "-A", "-o", "json") else { return false }
        #expect(run.code == 0, "\(run.errors)")
        backends = (try? run.json["items"]?[0]?["backends"]?.array) ?? []
        return !backends.isEmpty && backends.allSatisfy { $0["observed"]?["share"]?.double != nil }
      }
      #expect(backends.map { $0["desired"]?["weight"]?.int } == [90, 10])
      #expect(backends.map { $0["programmed"]?["weight"]?.int } == [90, 10])
      for backend in backends { #expect((backend["observed"]?["share"]?.double ?? -1) >= 0, "\(backend)") }
    }

    @Test func policiesAndDestinationRulesDecideAndTheReasonNamesThem() async throws {
      let tool = try await DemoServer.sofa.tool(measured: true)
      let matrix = try await tool("mtls", "matrix", "-n", "bank", "-o", "json")
      let pairs = try #require(try matrix.json["items"]?.array)
      let risk = try #require(pairs.first { $0["server"]?.string?.hasSuffix("risk-v1") == true })
      #expect(JSONWriter.text(risk).contains("breaks"))
      let show = try await tool("mtls", "show", "ledger-v1", "-n", "bank")
      #expect(show.output.contains("Policy ledger for port 8080 of service ledger sets STRICT"), "\(show.output)")
      #expect(show.output.contains("MeshPolicy default for the mesh sets PERMISSIVE"))
      let analyze = try await tool("analyze", "-A")
      #expect(analyze.output.contains("MD0503"), "\(analyze.output)")
    }

    @Test func aModeIsSetAndTakenBackAndWhatTheAPICannotSayIsRefused() async throws {
      let tool = try await DemoServer.sofa.tool(measured: true)
      func mode() async throws -> String? {
        let run = try await tool("get", "objects", "policy.authentication.istio.io", "-n", "bank", "-o", "json")
        let found = try run.json["items"]?.array?.first { JSONWriter.text($0).contains("\"risk\"") }
        return found.map { JSONWriter.text($0) }
      }
      let before = try await mode()
      #expect(try await tool("mtls", "set", "workload/risk-v1", "PERMISSIVE", "-n", "bank", "-y").code == 0)
      #expect(try await mode()?.contains("PERMISSIVE") == true)
      #expect(try await tool("undo", "-y").code == 0)
      #expect(try await mode()?.contains("PERMISSIVE") == false)
      #expect(before?.contains("STRICT") == true)
      let refused = try await tool("mtls", "set", "workload/accounts-v1", "STRICT", "-n", "bank", "-y")
      #expect(refused.code == 3)
      #expect(refused.errors.contains("accounts-v2"), "\(refused.errors)")
    }

    @Test func kubectlListsAndEditsTheKinds() async throws {
      guard KubectlTests.isInstalled else { return }
      let tool = try await DemoServer.sofa.tool()
      let list = try await tool.shell("kubectl get policies,meshpolicies -n bank -o name")
      #expect(list.code == 0, "\(list.errors)")
      #expect(list.output.contains("policy.authentication.istio.io/ledger"))
      #expect(list.output.contains("meshpolicy.authentication.istio.io/default"))
      let patch =
        #"kubectl annotate policy ledger -n bank meshdeck.test/seen=yes && kubectl get policy ledger -n bank -o json"#
      let edited = try await tool.shell(patch + " | tail -n +2")
      #expect(edited.output.contains("meshdeck.test/seen"), "\(edited.errors)")
    }
  }
}
