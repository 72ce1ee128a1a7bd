from yanzhen.faces.sentences import speak

speak()
