namespace VmUpdate.Core.Identity;

/// <summary>Carries a machine's identity from its old disk to a new one, as the catalogue says. Holds no state of its own.</summary>
public sealed class IdentityTransfer
{
    /// <summary>Makes the service.</summary>
    /// <param name="catalogue">What counts as identity.</param>
    public IdentityTransfer(IdentityCatalogue catalogue) => Catalogue = catalogue;

    /// <summary>What counts as identity.</summary>
    public IdentityCatalogue Catalogue { get; }

    /// <summary>Says what a swap would carry, remove and leave. Changes nothing.</summary>
    /// <param name="old">The machine's present disk.</param>
    /// <param name="master">The new master, or a fresh child of it.</param>
    /// <param name="options">What the administrator decided.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="IdentityException">The swap cannot keep the machine's identity; the cause says why.</exception>
    public IdentityPlan Plan(GuestDisk old, GuestDisk master, IdentityOptions options) => throw new NotSupportedException();

    /// <summary>Copies out of the old disk what the plan carries.</summary>
    /// <param name="old">The machine's present disk, powered off.</param>
    /// <param name="master">The new master, or a fresh child of it.</param>
    /// <param name="plan">The plan; a set that it does not carry is not carried.</param>
    /// <param name="options">What the administrator decided.</param>
    /// <returns>The bundle, to be disposed. User data is read from the old disk when a store keeps it.</returns>
    public IdentityBundle Preserve(GuestDisk old, GuestDisk master, IdentityPlan plan, IdentityOptions options) =>
        throw new NotSupportedException();

    /// <summary>
    /// Writes a bundle to a new disk: strips, renames, carries. Safe to repeat on the same disk. Nothing is committed:
    /// <see cref="GuestDisk.Commit"/> is the caller's.
    /// </summary>
    /// <param name="fresh">The new disk, a child of the master the bundle was made for, open for writing.</param>
    /// <param name="bundle">The bundle.</param>
    public void Restore(GuestDisk fresh, IdentityBundle bundle) => throw new NotSupportedException();

    /// <summary>Compares a new disk with a bundle, item by item, strips and renames too.</summary>
    /// <param name="result">The new disk, through a fresh read-only open.</param>
    /// <param name="bundle">The bundle.</param>
    /// <exception cref="IdentityException"><see cref="IdentityFailure.ResultDiffers"/>, naming the first difference.</exception>
    public void Verify(GuestDisk result, IdentityBundle bundle) => throw new NotSupportedException();
}
