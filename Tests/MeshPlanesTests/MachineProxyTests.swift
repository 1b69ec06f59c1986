import MeshModel
import Testing

@testable import MeshPlanes

/// The proxies of VMs: istiod tells of them, the API server does not lead to them.
@Suite struct MachineProxyTests {
  private static let machine = ObjectRef(plane: "lab", namespace: "legacy", kind: "workloadentry", name: "mainframe-1")

  private static var snapshot: MeshSnapshot {
    var snapshot = MeshSnapshot()
    let workload = ObjectRef(plane: "lab", namespace: "legacy", kind: "workloadgroup", name: "mainframe")
    snapshot.apply(
      .upsert(
        .endpoint(
          Endpoint(
            ref: machine, workload: workload, isReady: true, proxy: .sidecar, acceptsMeshTLS: true, runtime: .vm))))
    return snapshot
  }

  @Test func aProxyThatIsNoPodIsTheMachineOfItsName() throws {
    var table = SyncTable(plane: "lab", snapshot: Self.snapshot)
    table.feed(Array(#"[{"proxy":"mainframe-1.legacy","cluster_sent":"a","cluster_acked":"a"}]"#.utf8))
    let state = try #require(try table.finish().first)
    #expect(state.ref == Self.machine)
    #expect(state.workload?.name == "mainframe")
    #expect(state.sync[.cds] == .synced, "istiod knows what it acknowledged")
  }

  @Test func itsOwnWordIsMissingForAReasonThatSaysWhatToDo() async {
    let admin = IstioProxyAdmin(dialect: IstioDialect(), access: StoredObjects())
    do throws(MeshError) {
      _ = try await admin.get(Self.machine, "/certs")
      Issue.record("there is nothing to answer")
    } catch {
      #expect(error.message.contains("it is no pod"))
      #expect(error.remedy?.contains("workload: legacy/mainframe-1") == true)
    }
  }

  @Test func atAConfiguredAddressItIsAsked() async throws {
    let dialect = IstioDialect(
      addresses: IstioDialect.Addresses(istiod: nil, proxies: ["legacy/mainframe-1": "http://10.0.0.9:15000"])
    ) { url, receive throws(MeshError) in receive(Array(url.utf8)) }
    let bytes = try await IstioProxyAdmin(dialect: dialect, access: StoredObjects()).get(Self.machine, "/certs")
    #expect(String(decoding: bytes, as: UTF8.self) == "http://10.0.0.9:15000/certs")
  }
}
