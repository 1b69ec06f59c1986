import Foundation
import MeshModel

/// Telling a plan that is being applied from one that a crash left open: whoever applies it holds a lock meanwhile, which
/// the system frees with the process.
extension Journal {
  /// The sign that a plan is being applied.
  struct Applying: Sendable {
    fileprivate let lock: FileLock
    fileprivate let path: String

    /// Nobody applies the plan any longer.
    func end() {
      unlink(path)
      lock.release()
    }
  }

  /// Notes that a plan is about to be applied, under an identity that no other record has: its own, or with a number after
  /// it. It counts as being applied until the sign's ``Applying/end()``.
  func begin(_ receipt: inout Receipt) throws(MeshError) -> Applying {
    try locked { () throws(MeshError) in
      receipt.plan.id = try unused(receipt.plan.id)
      let path = lockPath(receipt.plan.id)
      let applying = Applying(lock: try FileLock(path), path: path)
      do throws(MeshError) { try append(JournalEntry(event: .begun, receipt: receipt)) } catch {
        applying.end()
        throw error
      }
      return applying
    }
  }

  /// Whether somebody is applying the plan of an id.
  func isApplying(_ id: String) -> Bool { FileLock.isHeld(lockPath(id)) }

  /// A name of its own for each identity that is made here; what a plan file calls a plan leads nowhere else.
  private func lockPath(_ id: String) -> String {
    let name = id.utf8.prefix(100).map { byte in
      UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
        ? byte : UInt8(ascii: "-")
    }
    return "\(directory.path)/plan-\(String(decoding: name, as: UTF8.self)).lock"
  }
}
