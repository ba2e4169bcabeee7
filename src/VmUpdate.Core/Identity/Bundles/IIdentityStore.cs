namespace VmUpdate.Core.Identity;

/// <summary>Where bundles are kept between the reading of the old disk and the writing of the new one.</summary>
public interface IIdentityStore
{
    /// <summary>How many bytes of bundles it has room for.</summary>
    long FreeBytes { get; }

    /// <summary>Keeps a bundle. When it returns, the bundle was read back and compared.</summary>
    /// <param name="bundle">The bundle; it stays usable.</param>
    /// <returns>The bundle's id.</returns>
    /// <exception cref="IdentityException">The store cannot be written, or is too open.</exception>
    string Save(IdentityBundle bundle);

    /// <summary>Opens a bundle.</summary>
    /// <param name="bundleId">Its id.</param>
    /// <param name="vmId">The machine it must be of; any when <see langword="null"/>.</param>
    /// <returns>The bundle, to be disposed.</returns>
    /// <exception cref="IdentityException">It is absent, damaged, foreign, newer, or sealed with another key.</exception>
    IdentityBundle Load(string bundleId, Guid? vmId = null);

    /// <summary>Whether a bundle is there.</summary>
    /// <param name="bundleId">Its id.</param>
    /// <returns><see langword="true"/> when it is.</returns>
    bool Exists(string bundleId);

    /// <summary>
    /// Told when the work that a bundle was kept for is done. A store on a volume keeps it, without some sets, until it is deleted; one in
    /// memory lets it go. Safe to repeat.
    /// </summary>
    /// <param name="bundleId">Its id.</param>
    /// <param name="withoutSets">The sets that are not to be kept any longer, by their ids.</param>
    /// <exception cref="IdentityException">The bundle is damaged, or the store cannot be written.</exception>
    void Retain(string bundleId, IReadOnlyCollection<string> withoutSets);

    /// <summary>Deletes a bundle; nothing happens when it is absent.</summary>
    /// <param name="bundleId">Its id.</param>
    void Delete(string bundleId);
}
