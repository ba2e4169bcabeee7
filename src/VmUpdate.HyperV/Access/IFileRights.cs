namespace VmUpdate.HyperV.Access;

/// <summary>The rights on a file of this computer.</summary>
public interface IFileRights
{
    /// <summary>Whether an account may do something with a file, by an entry of its own.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sid">The account.</param>
    /// <param name="rights">What: bits of an access mask.</param>
    /// <returns><see langword="true"/> when one entry allows all of it.</returns>
    /// <exception cref="System.ComponentModel.Win32Exception">The file's rights cannot be read.</exception>
    bool Has(string path, string sid, uint rights);

    /// <summary>Adds an entry for an account. The other entries stay.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sid">The account.</param>
    /// <param name="rights">What it may do: bits of an access mask.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">The file's rights cannot be written.</exception>
    void Add(string path, string sid, uint rights);
}
