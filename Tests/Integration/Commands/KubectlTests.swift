import Foundation
import MeshModel
import Testing

extension CommandTests {
  /// kubectl, a client of other people's, unchanged against the embedded mesh.
  @Suite(.serialized, .timeLimit(.minutes(2))) struct KubectlTests {
    static let isInstalled = ["/usr/bin", "/usr/local/bin", "/bin"].contains {
      FileManager.default.isExecutableFile(atPath: $0 + "/kubectl")
    }

    /// A tool and kubectl's answer to a script, or `nil` where there is no kubectl.
    static func kubectl(_ script: String, more: [String: String] = [:]) async throws -> Program.Run? {
      guard isInstalled else {
        print("SKIPPED: kubectl is not installed (apt-get install kubernetes-client): nothing was tested with it")
        return nil
      }
      return try await DemoServer.writing.tool().shell(script, more: more)
    }

    @Test func listsAndShowsWhatThereIs() async throws {
      guard let table = try await Self.kubectl("kubectl get virtualservices -A") else { return }
      #expect(table.code == 0, "\(table.errors)")
      #expect(table.output.contains("NAMESPACE") && table.output.contains("ledger"))
      let resources = try #require(try await Self.kubectl("kubectl api-resources"))
      for name in ["virtualservices", "peerauthentications", "pods", "deployments"] {
        #expect(resources.output.contains(name), "\(name)")
      }
      let object = try #require(try await Self.kubectl("kubectl get vs reviews -n shop -o json"))
      #expect(try object.json["kind"] == "VirtualService")
      let missing = try #require(try await Self.kubectl("kubectl get vs nosuch -n shop"))
      #expect(missing.code == 1)
      #expect(missing.errors.contains("NotFound"))
      let pods = try #require(try await Self.kubectl("kubectl get pods -n shop -l app=reviews -o name"))
      #expect(pods.output.split(separator: "\n").count == 5)
    }

    static let object = """
      cat > vs.yaml <<'YAML'
      apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: {name: by-kubectl, namespace: legacy}
      spec:
        hosts: [by-kubectl.example]
        http: [{route: [{destination: {host: invoices}, weight: 80}, {destination: {host: reporting}, weight: 20}]}]
      YAML

      """

    @Test func appliesEditsWatchesAndDeletes() async throws {
      let script =
        Self.object + """
          set -e
          kubectl apply -f vs.yaml
          ( timeout 50 kubectl get vs -n legacy -w -o jsonpath='{.metadata.name} {.spec.http[0].route[0].weight}{"\\n"}' > seen & echo $! > pid )
          for i in $(seq 200); do grep -q 'by-kubectl 80' seen && break; sleep 0.1; done
          sed -i 's/weight: 80/weight: 70/' vs.yaml
          kubectl apply -f vs.yaml
          EDITOR="sed -i s/weight:.70/weight:\\ 60/" kubectl edit vs by-kubectl -n legacy
          kubectl patch vs by-kubectl -n legacy --type json -p '[{"op":"replace","path":"/spec/http/0/route/0/weight","value":50}]'
          for i in $(seq 200); do grep -q 'by-kubectl 50' seen && break; sleep 0.1; done
          kubectl delete vs by-kubectl -n legacy
          kill $(cat pid) || true
          cat seen
          """
      guard let run = try await Self.kubectl(script) else { return }
      #expect(run.code == 0, "\(run.errors)\(run.output)")
      for words in [
        "created", "configured", "edited", "patched", "deleted", "by-kubectl 80", "by-kubectl 70", "by-kubectl 60",
        "by-kubectl 50",
      ] {
        #expect(run.output.contains(words), "\(words): \(run.output)")
      }
      let gone = try #require(try await Self.kubectl("kubectl get vs by-kubectl -n legacy"))
      #expect(gone.code == 1)
    }

    @Test func followsInATable() async throws {
      let script =
        Self.object + """
          sed -i 's/by-kubectl/by-table/' vs.yaml
          ( timeout 50 kubectl get vs -n legacy -w > seen & echo $! > pid )
          kubectl apply -f vs.yaml >&2
          for i in $(seq 200); do grep -q by-table seen && break; sleep 0.1; done
          kubectl label vs by-table -n legacy seen=yes >&2
          for i in $(seq 200); do [ "$(grep -c by-table seen)" -gt 1 ] && break; sleep 0.1; done
          kubectl delete -f vs.yaml >&2
          kill $(cat pid) || true
          cat seen
          """
      guard let run = try await Self.kubectl(script) else { return }
      let lines = run.output.split(separator: "\n")
      #expect(lines.first?.split(separator: " ") == ["NAME", "GATEWAYS", "HOSTS", "AGE"], "\(run.errors)\(run.output)")
      #expect(lines.count(where: { $0.hasPrefix("by-table ") && $0.contains("by-table.example") }) > 1, "\(run.output)")
      #expect(lines.count(where: { $0.hasPrefix("NAME ") }) == 1, "the columns are told once")
    }

    @Test func aTypoIsRefusedAndAForeignFieldManagerIsAConflict() async throws {
      guard
        let typo = try await Self.kubectl(
          Self.object + """
            kubectl apply --help | grep -q 'strict (or true)' || exit 77
            sed -i s/hosts:/hostz:/ vs.yaml; kubectl apply --validate=strict -f vs.yaml
            """)
      else { return }
      if typo.code == 77 {
        print("SKIPPED: this kubectl is older than 1.25 and cannot ask for strict validation")
      } else {
        #expect(typo.code == 1)
        #expect(typo.errors.contains("hostz"), "\(typo.errors)")
      }
      let conflict = try #require(
        try await Self.kubectl(
          Self.object + """
            kubectl apply --server-side --field-manager=one -f vs.yaml >&2 && sed -i 's/weight: 80/weight: 10/' vs.yaml
            kubectl apply --server-side --field-manager=two -f vs.yaml; code=$?; kubectl delete -f vs.yaml >&2; exit $code
            """))
      #expect(conflict.code == 1)
      #expect(conflict.errors.lowercased().contains("conflict"), "\(conflict.errors)")
    }

    @Test func meshdeckAndKubectlSeeEachOthersEdits() async throws {
      guard Self.isInstalled else { return }
      let tool = try await EditingCommandTests.plant("shared")
      #expect(try await tool("canary", "set", "shared", "v1=60", "v2=40", "-y").code == 0)
      let weight = try await tool.shell("kubectl get vs shared -n shop -o jsonpath='{.spec.http[1].route[0].weight}'")
      #expect(weight.output == "60")
      let annotate = try await tool.shell("kubectl annotate vs shared -n shop seen=yes")
      #expect(annotate.code == 0, "\(annotate.errors)")
      #expect(try await tool("undo", "-y").code == 0, "an annotation is no hindrance")
      #expect(try await tool("describe", "route/shared").output.contains("seen: yes"))
    }
  }
}
