namespace VmUpdate.Core.Identity;

/// <summary>All sets this library knows: data files that ship with it, and those an administrator adds.</summary>
public sealed class IdentityCatalogue
{
    private IdentityCatalogue(IReadOnlyList<IdentitySet> sets) => Sets = sets;

    /// <summary>The sets, dependencies first.</summary>
    public IReadOnlyList<IdentitySet> Sets { get; }

    /// <summary>The part of it whose truth changes while the machine runs: what the way back takes from the newer disk.</summary>
    internal IdentityCatalogue Rotating => new(Sets.Where(set => set.Rotates).ToList());

    /// <summary>Loads the sets that ship with the library.</summary>
    /// <returns>The catalogue.</returns>
    public static IdentityCatalogue LoadBuiltIn() => Load([]);

    /// <summary>Loads the sets that ship with the library, and a user's own; a user's set replaces the shipped one of the same id.</summary>
    /// <param name="userFiles">File names and their bytes, UTF-8 JSON.</param>
    /// <returns>The catalogue.</returns>
    /// <exception cref="IdentityException">A file is not valid: file, line and reason.</exception>
    public static IdentityCatalogue Load(IReadOnlyList<(string FileName, byte[] Json)> userFiles) => throw new NotSupportedException();
}
