import MeshKit
import TerminalUI

/// What the dashboard does outside of its state: everything that asks a plane, a clock or a file.
struct DashboardEffects: Sendable {
  let deck: Deck
  let clock: @Sendable () -> Instant
  let environment: [String: String]

  /// Follows the mesh for as long as the program runs.
  func follow() -> Effect<Message> {
    .background(id: "follow") { send in
      for await view in await deck.follow() { send(.view(view)) }
      await deck.live.stop()
    }
  }

  /// Tells the time once a second.
  func tick() -> Effect<Message> {
    .background(id: "tick") { send in
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(1))
        if !Task.isCancelled { send(.tick(clock())) }
      }
    }
  }

  /// Reads the journal; one that is only read again does not remark on what fails.
  func readJournal(isQuiet: Bool = false) -> Effect<Message> {
    .run(id: "journal") { send in
      do throws(MeshError) {
        let message = try journal()
        // It is begun anew when it is to be read again: what was read before that must not be shown after it.
        if !Task.isCancelled { send(message) }
      } catch {
        if !isQuiet { send(.remark(Toast("the journal cannot be read: \(error.description)", .bad))) }
      }
    }
  }

  /// Reads which findings are ignored.
  func readIgnored() -> Effect<Message> {
    .run(id: "ignored") { send in
      do throws(MeshError) { send(.ignored(try deck.ignoreFile.read())) } catch {
        send(.remark(Toast("\(error.description)", .bad)))
      }
    }
  }

  /// Ignores a finding for a reason, or with `nil` takes it up again.
  func ignore(_ finding: Finding, reason: String?) -> Effect<Message> {
    .run { send in
      do throws(MeshError) {
        let mark = reason.map { IgnoredFinding(finding, author: deck.author, at: clock(), reason: $0) }
        send(.ignored(try deck.ignoreFile.set(mark, on: finding)))
        let undone: SafeText = "taken up again: \(finding.code)"
        send(.remark(Toast(mark == nil ? undone : "ignored: \(finding.code); Tab shows what is ignored", .info)))
      } catch {
        send(.remark(Toast("\(error.description)", .bad)))
      }
    }
  }

  /// Works out how a finding is fixed in its object as it is now, and hands on what is to be planned.
  func fix(_ finding: Finding) -> Effect<Message> {
    .run(id: "native") { send in
      do throws(MeshError) { send(.edited(try await deck.intent(fixing: finding))) } catch {
        send(.remark(Toast("\(error.description)", .bad)))
      }
    }
  }

  /// What the journal holds.
  private func journal() throws(MeshError) -> Message {
    let awaiting = try deck.journal.awaitingConfirmation().map(\.plan.id)
    return .receipts(try deck.journal.receipts(), awaiting: Set(awaiting))
  }

  /// Works out the rows of a screen.
  func compute(_ request: ScreenRequest, from view: MeshView) -> Effect<Message> {
    .run { send in
      let begun = clock()
      var data = await ScreenData.compute(request, from: view)
      data.seconds = max(clock().seconds - begun.seconds, 0)
      send(.computed(data))
    }
  }

  /// Makes a plan and asks the server about it.
  func plan(_ intent: Intent, number: Int) -> Effect<Message> {
    .run(id: "plan") { send in
      do throws(MeshError) {
        let plan = try await deck.plan(intent)
        send(.planned(number, plan))
        send(.rehearsed(number, try await deck.rehearse(plan)))
      } catch {
        send(.planFailed(number, error))
      }
    }
  }

  /// The name of the work that applies a plan.
  func applying(_ number: Int) -> String { "apply \(number)" }
  /// The name of the work that waits for a plan's confirmation.
  func settling(_ number: Int) -> String { "settle \(number)" }

  /// Applies a plan; what comes after the last step is as chosen on its sheet.
  func apply(_ plan: Plan, _ sheet: PlanSheet, force: Bool) -> Effect<Message> {
    let number = sheet.number
    return .run(id: applying(number)) { send in
      do throws(MeshError) {
        let receipt = try await deck.apply(
          plan, reason: sheet.reason.text, force: force, wait: sheet.waits ? Executor.usualWait : nil,
          confirmWithin: sheet.confirms ? Executor.usualConfirmation : nil
        ) { send(.progress(number, $0)) }
        send(.finished(number, receipt))
      } catch {
        send(.planFailed(number, error))
      }
    }
  }

  /// Waits until a plan is confirmed, and takes it back where it is not in time or the wait is cancelled.
  func settle(_ receipt: Receipt, number: Int) -> Effect<Message> {
    .run(id: settling(number)) { send in
      do throws(MeshError) { send(.settled(number, .success(try await deck.settle(receipt)))) } catch {
        send(.settled(number, .failure(error)))
      }
    }
  }

  /// Confirms the plan of an id, or the newest that waits.
  func confirm(_ id: String?) -> Effect<Message> {
    .run { send in
      do throws(MeshError) {
        let receipt = try Deck.confirm(id, in: deck.journal)
        send(.remark(Toast("confirmed: \(receipt.plan.summary)", .good)))
        send(try journal())
      } catch {
        send(.remark(Toast("\(error.description)", .bad)))
      }
    }
  }

  /// Takes an applied plan back.
  func undo(_ id: String, reason: String, number: Int) -> Effect<Message> {
    .run { send in
      do throws(MeshError) {
        send(.finished(number, try await deck.undo(id, reason: reason) { send(.progress(number, $0)) }))
      } catch {
        send(.planFailed(number, error))
      }
    }
  }

  /// Fetches a native object and shows it, at a place in it where one is given.
  func show(_ ref: ObjectRef, at pointer: JSONPointer? = nil) -> Effect<Message> {
    .run(id: "native") { send in
      do throws(MeshError) {
        let native = try await deck.connection(ref.plane).control.native(ref)
        send(.sheet(NativeText.sheet(native, at: pointer)))
      } catch {
        send(.remark(Toast("\(error.description)", .bad)))
      }
    }
  }

  /// Finds an owner's own object, and hands on what holds it or lets it work again.
  func hold(_ typed: String, _ isHeld: Bool) -> Effect<Message> {
    .run(id: "native") { send in
      do throws(MeshError) {
        guard case .object(let intent) = try deck.intent(holding: try await deck.owner(typed), isHeld) else { return }
        send(.edited(intent))
      } catch {
        send(.remark(Toast("\(error.description)", .bad)))
      }
    }
  }

  /// Finds an owner's own object, and hands on what tells it to go on, to turn back or to sync.
  func move(_ typed: String, _ move: OwnerMove) -> Effect<Message> {
    .run(id: "native") { send in
      do throws(MeshError) {
        guard case .object(let intent) = try deck.intent(moving: try await deck.owner(typed), move) else { return }
        send(.edited(intent))
      } catch {
        send(.remark(Toast("\(error.description)", .bad)))
      }
    }
  }

  /// Asks proxies for their certificates.
  func certificates(_ proxies: [ObjectRef]) -> Effect<Message> {
    .run(id: "certificates") { send in send(.certificates(await deck.certificates(of: proxies))) }
  }

  /// Asks a proxy what it runs and shows it beside what is configured.
  func inspect(_ row: ProxyRow, from view: MeshView) -> Effect<Message> {
    .run(id: "native") { send in
      do throws(MeshError) {
        let inspection = try await deck.connection(row.state.ref.plane).control.inspect(row.state.ref)
        send(.sheet(Explanations.inspection(inspection, row, view)))
        send(.certificates([inspection.proxy: inspection.certificates]))
      } catch {
        send(.remark(Toast("\(error.description)", .bad)))
      }
    }
  }

  /// Runs the checks of a plane and shows how they came out.
  func check(_ plane: PlaneName) -> Effect<Message> {
    .run(id: "check") { send in
      do throws(MeshError) {
        let connection = try deck.connection(plane)
        let checks = await connection.control.check() + [await connection.checkTelemetry()]
        send(.sheet(NativeText.sheet(checks, of: plane)))
      } catch {
        send(.remark(Toast("\(error.description)", .bad)))
      }
    }
  }

  /// Follows a plane anew.
  func reconnect(_ plane: PlaneName) -> Effect<Message> { .run { _ in await deck.live.reconnect(plane) } }

  /// Lets nothing be written, or lets it be again; the last word counts.
  func refuseWrites(_ refuses: Bool) -> Effect<Message> {
    .run(id: "read-only") { _ in if !Task.isCancelled { deck.refuseWrites(refuses) } }
  }

  /// Fetches a native object to be edited; the screen stays meanwhile.
  func fetch(_ ref: ObjectRef) -> Effect<Message> {
    .run(id: "native") { send in
      do throws(MeshError) {
        send(.fetched(try await deck.connection(ref.plane).control.native(ref)))
      } catch {
        send(.remark(Toast("\(error.description)", .bad)))
      }
    }
  }

  /// Removes the text of an edit that was applied.
  func discard(_ text: String) -> Effect<Message> { .run { _ in ExternalEditor.discard(text) } }

  /// Hands a native object to the operator's editor, and what came back to a plan.
  func edit(_ native: NativeObject) -> Effect<Message> {
    .release {
      do throws(MeshError) {
        let edited = try await ExternalEditor(environment: environment).edit(native)
        return edited.map { .edited($0.intent, text: $0.text) } ?? .remark(Toast("nothing was changed", .info))
      } catch {
        return .remark(Toast("\(error.description)", .bad))
      }
    }
  }
}
